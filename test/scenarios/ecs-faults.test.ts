import assert from 'node:assert/strict'
import { test } from 'node:test'
import provider from '../../providers/ecs.ts'
import { fields } from '../../src/config/fields.ts'
import { tagSourceOptions } from '../../src/discovery/options.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { RoutingConfig } from '../../src/discovery/routing-config.ts'
import { SourceBuilder } from '../../src/discovery/source-builder.ts'
import { Watcher } from '../../src/discovery/watcher.ts'
import { allMatchers } from '../../src/routing/matcher-catalogue.ts'
import type { AwsFault, AwsServer } from '../peers/aws-server.ts'
import { startAwsServer, THROTTLED } from '../peers/aws-server.ts'
import { KEYS } from '../providers/ecs-provider.ts'
import { fastClock } from '../support/fast-clock.ts'
import { until } from '../support/until.ts'
import { scaled } from './scale.ts'

/** Our own server injects the faults, which moto cannot; the clock runs ahead, and everything else is real. */

const TASKS = 250
const SERVICES = 25
const MINUTES = 10
/** Ten minutes take 30 s in full runs, 6 s in short ones. */
const FACTOR = scaled(20, 100)

function addTasks(server: AwsServer): void {
  server.ecs.addCluster('default')
  server.ecs.pageSize = 50
  const definitions = Array.from({ length: SERVICES }, (_, index) => {
    const name = `app-${index}`
    return server.ecs.define({
      family: name,
      networkMode: 'awsvpc',
      containers: [{ name, ports: [{ containerPort: 80 }] }],
    })
  })
  for (let index = 0; index < TASKS; index++) {
    const networkInterfaces = [{ privateIpv4Address: `10.0.${index >> 8}.${index & 255}` }]
    const name = `app-${index % SERVICES}`
    server.ecs.addTask('default', definitions[index % SERVICES]!, {
      containers: [{ name, networkInterfaces }],
    })
  }
}

/** The faults take turns from call to call, so that pages of one reading fail in different ways. */
function faults(server: AwsServer): void {
  const error = { status: 500, code: 'ServerException', message: 'Service Unavailable' }
  const turns: (AwsFault | undefined)[] = [
    THROTTLED,
    'cut',
    undefined,
    'hang',
    THROTTLED,
    undefined,
    'reset',
    error,
    THROTTLED,
    'garbage',
  ]
  let turn = 0
  server.fault = () => turns[turn++ % turns.length]
}

/** What the provider's pictures become, all the way to routers and endpoints. */
async function startRouting(server: AwsServer): Promise<{ watcher: Watcher; config: () => RoutingConfig }> {
  const shape = { ...tagSourceOptions(fields), ...provider.options(fields) }
  const given = { endpoint: server.url, region: 'eu-west-1', domain: 'dev.aws.example.com', ...KEYS }
  const options = fields.section('', shape).parse(given)
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const watcher = new Watcher({
    name: 'ecs',
    create: (tools) => provider.create(options as never, tools),
    throttle: 100,
    log,
    clock: fastClock(FACTOR),
  })
  const builder = new SourceBuilder([{ name: 'ecs', constraints: 'label', options }])
  const entryPoints = [{ name: 'web', asDefault: false, internal: false, middlewares: [] }]
  const strategies = new Set(['wrr'])
  const context = { entryPoints, matchers: await allMatchers(), middlewares: new Map(), strategies }
  let config = resolveRouting([], context)
  watcher.start(() => {
    config = resolveRouting([builder.source(watcher.picture)], context, config)
  })
  return { watcher, config: () => config }
}

function sizes(config: RoutingConfig): { routers: number; endpoints: number } {
  const endpoints = [...config.services.values()].flatMap((service) => service.endpoints ?? [])
  const serving = endpoints.filter(({ terminating }) => terminating !== true)
  return { routers: config.routers.size, endpoints: serving.length }
}

test(`${MINUTES} minutes of throttling, halves of answers and time-outs: no route and no endpoint is lost`, async (t) => {
  await using server = await startAwsServer()
  addTasks(server)
  const { watcher, config } = await startRouting(server)
  await using _ = watcher
  const whole = { routers: SERVICES, endpoints: TASKS }
  await until('all tasks', () => sizes(config()).endpoints === TASKS)
  assert.deepEqual(sizes(config()), whole)

  server.calls = []
  faults(server)
  watcher.refresh()
  const ends = performance.now() + (MINUTES * 60_000) / FACTOR
  let looks = 0
  await until(
    'the end of the faults',
    () => {
      looks++
      assert.deepEqual(sizes(config()), whole)
      return performance.now() >= ends
    },
    (MINUTES * 60_000) / FACTOR + 10_000,
  )
  const { length } = server.calls
  t.diagnostic(
    `${length} calls and ${looks} looks in ${MINUTES} minutes at ${FACTOR} times the speed: ${JSON.stringify(server.counts)}`,
  )
  assert.ok(length > 20, `only ${length} calls met the faults`)

  // The picture did not stand still because nobody looked at it: once all is well, who comes and who goes is seen.
  server.fault = () => undefined
  const containers = [{ name: 'app-0', networkInterfaces: [{ privateIpv4Address: '10.9.9.9' }] }]
  server.ecs.addTask('default', server.ecs.definitions[0]!, { containers })
  watcher.refresh()
  await until('a new task', () => sizes(config()).endpoints === TASKS + 1)
  for (const arn of [...server.ecs.clusters.get('default')!.tasks.keys()].slice(0, 2))
    server.ecs.change('default', arn, { lastStatus: 'STOPPED', desiredStatus: 'STOPPED' })
  watcher.refresh()
  await until('two fewer', () => sizes(config()).endpoints === TASKS - 1)
})
