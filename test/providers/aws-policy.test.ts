import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import ec2Provider from '../../providers/ec2.ts'
import { startAwsServer } from '../peers/aws-server.ts'
import type { AwsServer } from '../peers/aws-server.ts'
import { readSources } from '../support/sources.ts'
import { KEYS, watchEcs } from './ecs-provider.ts'
import { WatchedProvider } from './watched-provider.ts'

/**
 * That the policies of terraform/policies allow no less and no more than what is called. Our own server counts the
 * calls; that the policies are enough for AWS's own way of reading them, moto proves in aws-moto.test.ts.
 */

interface Statement {
  readonly Sid: string
  readonly Effect: string
  readonly Action: readonly string[]
}

function statementsOf(name: 'ecs' | 'ec2'): readonly Statement[] {
  const url = new URL(`../../terraform/policies/${name}.json`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { Statement: Statement[] }).Statement
}

function allowed(name: 'ecs' | 'ec2', without: readonly string[] = []): string[] {
  return statementsOf(name)
    .filter(({ Sid, Effect }) => Effect === 'Allow' && !without.includes(Sid))
    .flatMap(({ Action }) => Action)
    .toSorted((a, b) => a.localeCompare(b))
}

function called(server: AwsServer): string[] {
  return Object.keys(server.counts).toSorted((a, b) => a.localeCompare(b))
}

/** Two clusters with tasks of services, on machines or with addresses of their own. */
async function startServer(networkMode: 'bridge' | 'awsvpc'): Promise<AwsServer> {
  const server = await startAwsServer()
  server.ec2.add({ id: 'i-1', address: '10.0.0.1' })
  const ports = [{ containerPort: 80, hostPort: 80 }]
  const definition = server.ecs.define({ family: 'app', networkMode, containers: [{ name: 'app', ports }] })
  for (const cluster of ['default', 'second']) {
    server.ecs.addCluster(cluster)
    server.ecs.tagService(cluster, 'web', { 'tidegate.weight': '2' })
    const networkInterfaces = [{ privateIpv4Address: '10.0.0.9' }]
    server.ecs.addTask(cluster, definition, {
      group: 'service:web',
      ...(networkMode === 'bridge'
        ? { containerInstanceArn: server.ecs.addHost(cluster, 'i-1') }
        : { containers: [{ name: 'app', networkInterfaces }] }),
    })
  }
  return server
}

test('ecs: with everything switched on, exactly what the policy allows is called', async () => {
  await using server = await startServer('bridge')
  await using watched = watchEcs(server, { autoDiscoverClusters: true, resourceTags: true })
  for (const part of ['default', 'second'])
    await watched.until(part, ({ snapshot }) => snapshot?.instances?.length === 1, { part })
  server.ecs.clusters.get('second')!.status = 'INACTIVE'
  watched.refresh()
  await watched.until('gone', ({ snapshot }) => snapshot?.instances?.length === 0, { part: 'second' })
  assert.deepEqual(called(server), allowed('ecs'))
})

const LESS: [what: string, mode: 'bridge' | 'awsvpc', options: object, without: readonly string[]][] = [
  ['named clusters', 'bridge', { resourceTags: true }, ['FindClusters']],
  ['no tags', 'bridge', {}, ['FindClusters', 'ReadServiceTags']],
  ['tasks with addresses of their own', 'awsvpc', {}, ['FindClusters', 'ReadServiceTags', 'ReadHosts']],
]
for (const [what, mode, options, without] of LESS) {
  test(`ecs: with ${what}, ${without.join(' and ')} can be left out`, async () => {
    await using server = await startServer(mode)
    await using watched = watchEcs(server, options)
    await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'default' })
    assert.deepEqual(called(server), allowed('ecs', without))
  })
}

for (const [lifecycleStates, without] of [
  [true, []],
  [false, ['ReadLifeCycles']],
] as const) {
  test(`ec2: ${lifecycleStates ? 'with' : 'without'} life-cycle states, exactly what the policy allows is called`, async () => {
    await using server = await startAwsServer()
    const tags = { 'aws:autoscaling:groupName': 'group' }
    server.ec2.add({ id: 'i-1', address: '10.0.0.1', tags, lifecycle: 'InService' })
    const access = { region: 'eu-west-1', endpoint: server.url, ...KEYS }
    await using watched = new WatchedProvider(ec2Provider, { ...access, lifecycleStates })
    await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'eu-west-1' })
    assert.deepEqual(called(server), allowed('ec2', without))
  })
}

test('no other command is written anywhere in the providers', () => {
  const commands = readSources('providers').flatMap(({ text }) =>
    [...text.matchAll(/\bnew (?:\w+\.)?(\w+)Command\b/g)].map((match) => match[1]!),
  )
  const operations = new Set([...allowed('ecs'), ...allowed('ec2')].map((action) => action.split(':')[1]!))
  // Taking on a role is allowed where the credentials come from, not by the role.
  assert.deepEqual(new Set(commands), operations.add('AssumeRole'))
})
