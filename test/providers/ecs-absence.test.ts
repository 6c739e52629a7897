import assert from 'node:assert/strict'
import test from 'node:test'
import type { AwsServer } from '../peers/aws-server.ts'
import { startAwsServer, THROTTLED } from '../peers/aws-server.ts'
import { watchEcs } from './ecs-provider.ts'
import type { WatchedProvider } from './watched-provider.ts'

/** Who leaves, and who stays. Our own server: moto has no pages, no lists that lag behind, and no faults. */

const PART = 'default'

async function startTasks(count: number): Promise<{ server: AwsServer; arns: string[] }> {
  const server = await startAwsServer()
  server.ecs.addCluster(PART)
  const definition = server.ecs.define({
    family: 'app',
    networkMode: 'awsvpc',
    containers: [{ name: 'app', ports: [{ containerPort: 80 }] }],
  })
  const arns = Array.from({ length: count }, (_, index) =>
    server.ecs.addTask(PART, definition, {
      containers: [
        { name: 'app', networkInterfaces: [{ privateIpv4Address: `10.0.${index >> 8}.${index & 255}` }] },
      ],
    }),
  )
  return { server, arns }
}

async function readAgain(watched: WatchedProvider): Promise<void> {
  const before = watched.updates.length
  watched.refresh()
  await watched.until('another reading', () => watched.updates.length > before, { part: PART })
}

function shown(watched: WatchedProvider): { ids: string[]; terminating: string[]; released: string[] } {
  const { instances = [], released = [] } = watched.view(PART).snapshot ?? {}
  return {
    ids: instances.map(({ id }) => shortId(id)),
    terminating: instances.filter(({ terminating }) => terminating).map(({ id }) => shortId(id)),
    released: released.map(shortId),
  }
}

function shortId(id: string): string {
  return String(Number(id.split('/').at(-2)))
}

test('a task that is told to stop drains while it is still listed nowhere, and is released when it has stopped', async () => {
  const { server, arns } = await startTasks(2)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('both', ({ snapshot }) => snapshot?.instances?.length === 2, { part: PART })
  server.ecs.change(PART, arns[0]!, { desiredStatus: 'STOPPED' })
  await readAgain(watched)
  assert.deepEqual(shown(watched), { ids: ['1', '2'], terminating: ['1'], released: [] })
  for (const lastStatus of ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING']) {
    server.ecs.change(PART, arns[0]!, { lastStatus })
    await readAgain(watched)
    assert.deepEqual(shown(watched).terminating, ['1'], lastStatus)
  }
  server.ecs.change(PART, arns[0]!, { lastStatus: 'STOPPED' })
  await readAgain(watched)
  assert.deepEqual(shown(watched), { ids: ['2'], terminating: [], released: ['1'] })
  await readAgain(watched)
  assert.deepEqual(shown(watched).released, ['1'], 'a second reading asks ECS anew, and says it again')
})

test('a task that ECS knows no longer is released', async () => {
  const { server, arns } = await startTasks(2)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('both', ({ snapshot }) => snapshot?.instances?.length === 2, { part: PART })
  server.ecs.forget(PART, arns[0]!)
  await readAgain(watched)
  assert.deepEqual(shown(watched), { ids: ['2'], terminating: [], released: ['1'] })
})

test('a task that a list leaves out is described once more, and stays when it runs', async () => {
  const { server, arns } = await startTasks(3)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 3, { part: PART })
  for (const arn of arns) server.ecs.unlisted.add(arn)
  await readAgain(watched)
  assert.deepEqual(shown(watched), { ids: ['1', '2', '3'], terminating: [], released: [] })
})

test('a task of which nothing is told is neither shown nor released: it is unproven', async () => {
  const { server, arns } = await startTasks(2)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('both', ({ snapshot }) => snapshot?.instances?.length === 2, { part: PART })
  server.ecs.unlisted.add(arns[0]!)
  server.ecs.untold.add(arns[0]!)
  await readAgain(watched)
  assert.deepEqual(shown(watched), { ids: ['2'], terminating: [], released: [] })
  assert.equal(watched.view(PART).snapshot?.missing, 'unproven')
  server.ecs.untold.clear()
  await readAgain(watched)
  assert.deepEqual(shown(watched).ids, ['1', '2'])
})

test('a task that is still starting is served when it runs', async () => {
  const { server, arns } = await startTasks(1)
  await using _ = server
  server.ecs.change(PART, arns[0]!, { lastStatus: 'PENDING' })
  await using watched = watchEcs(server)
  await watched.until('the picture', ({ snapshot }) => snapshot !== undefined, { part: PART })
  assert.deepEqual(shown(watched).ids, [])
  server.ecs.change(PART, arns[0]!, { lastStatus: 'RUNNING' })
  await readAgain(watched)
  assert.deepEqual(shown(watched).ids, ['1'])
})

const ERROR_500 = { status: 500, code: 'ServerException', message: 'Service Unavailable' }

test('of 250 tasks, a page of descriptions that fails costs none', async () => {
  const { server } = await startTasks(250)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 250, { part: PART })
  server.fault = ({ action, input }) =>
    action === 'ecs:DescribeTasks' && (input['tasks'] as string[])[0]!.endsWith('101') ? ERROR_500 : undefined
  await readAgain(watched)
  assert.equal(shown(watched).ids.length, 250)
  assert.deepEqual(shown(watched).released, [])
  assert.match(
    watched.view(PART).snapshot?.problems?.[0]?.message ?? '',
    /ecs:DescribeTasks on cluster default in eu-west-1\) answered with an error \(500\)/,
  )
})

test('of three pages of the list, the last two that fail cost none, and a new one of the first is served', async () => {
  const { server, arns } = await startTasks(250)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 250, { part: PART })
  server.ecs.forget(PART, arns[0]!)
  server.fault = ({ action, input }) =>
    action === 'ecs:ListTasks' && input['nextToken'] ? ERROR_500 : undefined
  await readAgain(watched)
  assert.equal(shown(watched).ids.length, 249)
  assert.deepEqual(shown(watched).released, ['1'])
})

test('of whom neither list nor description could be read, nothing is known: all stay', async () => {
  const { server } = await startTasks(250)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 250, { part: PART })
  let whole = false
  const named = (input: object, digits: string): boolean =>
    ((input as { tasks?: string[] }).tasks ?? [])[0]?.endsWith(digits) === true
  server.fault = ({ action, input }) => {
    if (action === 'ecs:ListTasks') return !whole && input['nextToken'] ? ERROR_500 : undefined
    return named(input, '0201') ? ERROR_500 : undefined
  }
  await readAgain(watched)
  assert.equal(shown(watched).ids.length, 250)
  // A whole list without them is a sign, and no proof: unproven, until they are described.
  whole = true
  for (const arn of server.ecs.clusters.get(PART)!.tasks.keys())
    if (Number(arn.slice(-4)) > 200) server.ecs.unlisted.add(arn)
  await readAgain(watched)
  assert.equal(shown(watched).ids.length, 200)
  assert.deepEqual(shown(watched).released, [])
})

test('a definition that cannot be read makes its new tasks wait, and costs no other', async () => {
  const { server } = await startTasks(1)
  await using _ = server
  await using watched = watchEcs(server)
  await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: PART })
  const other = server.ecs.define({
    family: 'other',
    networkMode: 'awsvpc',
    containers: [{ name: 'other', ports: [{ containerPort: 80 }] }],
  })
  server.ecs.addTask(PART, other, {
    containers: [{ name: 'other', networkInterfaces: [{ privateIpv4Address: '10.9.0.1' }] }],
  })
  server.fault = ({ action }) => (action === 'ecs:DescribeTaskDefinition' ? ERROR_500 : undefined)
  await readAgain(watched)
  assert.deepEqual(shown(watched).ids, ['1'])
  const messages =
    watched
      .view(PART)
      .snapshot?.problems?.map(({ message }) => message)
      .join('\n') ?? ''
  assert.match(messages, /ecs:DescribeTaskDefinition on task definition other:1/)
  assert.match(messages, /of 1 task in cluster default the definition/)
  server.fault = () => undefined
  await readAgain(watched)
  assert.deepEqual(shown(watched).ids, ['1', '2'])
})

test('a cluster that cannot be read keeps its picture, and the one beside it is read on', async () => {
  const { server } = await startTasks(1)
  await using _ = server
  server.ecs.addCluster('other')
  const definition = server.ecs.define({
    family: 'b',
    networkMode: 'awsvpc',
    containers: [{ name: 'b', ports: [{ containerPort: 80 }] }],
  })
  await using watched = watchEcs(server, { clusters: [PART, 'other'] })
  await watched.until('one', ({ snapshot }) => snapshot?.instances?.length === 1, { part: PART })
  await watched.until('none', ({ snapshot }) => snapshot !== undefined, { part: 'other' })
  server.fault = ({ input }) => (input['cluster'] === PART ? 'reset' : undefined)
  server.ecs.addTask('other', definition, {
    containers: [{ name: 'b', networkInterfaces: [{ privateIpv4Address: '10.9.0.1' }] }],
  })
  watched.refresh()
  await watched.until('the other', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'other' })
  await watched.until('the failure', ({ failure }) => failure?.code === 'E401', { part: PART })
  assert.deepEqual(shown(watched).ids, ['1'])
  server.fault = () => undefined
  await watched.until('healed by itself', ({ failure }) => failure === undefined, { part: PART })
})

/** Sleeps of ten seconds are the time-outs of calls; longer ones, pauses between readings. */
function fakeSleep(slept: number[], wakes: () => boolean = () => false) {
  return async (milliseconds: number): Promise<void> => {
    slept.push(Math.round(milliseconds))
    if (milliseconds >= 10_000 && !(milliseconds > 10_000 && wakes()))
      await new Promise<void>(() => undefined)
  }
}

test('throttling is waited out: pauses grow, later calls keep a distance', async () => {
  const { server } = await startTasks(250)
  await using _ = server
  let left = 4
  server.fault = () => (left-- > 0 ? THROTTLED : undefined)
  const slept: number[] = []
  await using watched = watchEcs(server, {}, { sleep: fakeSleep(slept), random: () => 1 })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 250, { part: PART })
  assert.ok(watched.updates.every((update) => 'instances' in update))
  const pauses = slept.filter((pause) => [200, 400, 800, 1600].includes(pause))
  assert.deepEqual(pauses, [200, 400, 800, 1600])
})

test('when throttling lasts, the next reading comes ever later, and nothing is lost', async () => {
  const { server } = await startTasks(3)
  await using _ = server
  const slept: number[] = []
  let wakes = true
  await using watched = watchEcs(server, {}, { sleep: fakeSleep(slept, () => wakes), random: () => 0.5 })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 3, { part: PART })
  server.fault = () => THROTTLED
  await watched.until('five failures', () => watched.updates.filter((one) => 'failure' in one).length >= 5, {
    part: PART,
  })
  wakes = false
  const pauses = slept.filter((pause) => pause >= 100_000).slice(0, 4)
  assert.deepEqual(pauses, [120_000, 240_000, 480_000, 480_000])
  assert.equal(watched.view(PART).snapshot?.instances?.length, 3)
})
