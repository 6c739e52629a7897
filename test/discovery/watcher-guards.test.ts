import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../../src/config/problem.ts'
import { Discovery } from '../../src/discovery/discovery.ts'
import { UNPROVEN_LIMIT } from '../../src/discovery/provider.ts'
import type { Instance, Snapshot } from '../../src/discovery/provider.ts'
import type { StoredPart } from '../../src/discovery/stored-picture.ts'
import { Watcher } from '../../src/discovery/watcher.ts'
import { FakeClock, turns } from './fake-clock.ts'
import { FakeProvider, instance } from './fake-provider.ts'

const FAILURE: Problem = {
  code: 'E401',
  severity: 'error',
  message: 'the agent cannot be reached',
  origin: { source: 'consulcatalog' },
}

interface Given {
  readonly trusted?: boolean
  readonly restored?: ReadonlyMap<string, StoredPart>
}

async function watching({ trusted = false, restored }: Given = {}) {
  const clock = new FakeClock()
  const provider = new FakeProvider()
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const options = { name: 'consulCatalog', create: provider.create, throttle: 0, trusted, log, clock }
  const watcher = new Watcher(options)
  if (restored) watcher.restore(restored)
  let refreshes = 0
  watcher.start(() => undefined)
  await turns()
  provider.tools?.onRefresh(() => void refreshes++)
  return {
    clock,
    provider,
    watcher,
    refreshes: () => refreshes,
    ids: (): string[] =>
      [...watcher.picture.parts.values()].flatMap(({ instances = [] }) => instances.map(({ id }) => id)),
    codes: () => watcher.problems.map(({ code }) => code),
    say: async (instances: readonly Instance[], more: Partial<Snapshot> = {}) => {
      provider.yields({ instances, ...more })
      await turns()
    },
    [Symbol.asyncDispose]: () => watcher.stop(),
  }
}

function many(...numbers: readonly number[]): Instance[] {
  return numbers.map((n) => instance(`i${n}`, { address: `10.0.0.${n}` }))
}

test('a removal of most is a problem, has a fresh read asked for at once and again, and is obeyed when that agrees', async () => {
  await using world = await watching()
  await world.say(many(1, 2, 3, 4, 5))
  await world.say(many(1))
  assert.equal(world.refreshes(), 1)
  assert.deepEqual(world.codes(), ['E405'])
  assert.match(world.watcher.problems[0]!.message, /says that 4 of its instances are gone/)
  const { heldBack, heldBackTotal, instances, state } = world.watcher.state
  assert.deepEqual([heldBack, heldBackTotal, instances, state], [4, 4, 5, 'ok'])
  await world.clock.advance(1_000)
  await world.clock.advance(2_000)
  assert.equal(world.refreshes(), 3)
  await world.say(many(1))
  assert.deepEqual([world.ids(), world.codes()], [['i1'], []])
  await world.clock.advance(60_000)
  assert.equal(world.refreshes(), 3)
})

test('a second mass removal soon after the first has a reading asked for at once as well', async () => {
  await using world = await watching()
  for (const [round, ask] of [1, 2].entries()) {
    await world.say(many(1, 2, 3, 4, 5), { reading: round * 2 })
    await world.say([], { reading: round * 2 })
    assert.equal(world.refreshes(), ask)
    await world.say([], { reading: round * 2 + 1 })
    assert.deepEqual(world.ids(), [])
  }
})

test('additions and everything else pass while a removal is held back', async () => {
  await using world = await watching()
  await world.say(many(1, 2, 3, 4, 5), { reading: 1 })
  await world.say(many(5), { reading: 1 })
  await world.say([...many(5, 6), instance('x', { name: 'api', address: '10.0.1.1' })], { reading: 1 })
  assert.deepEqual(world.ids(), ['i5', 'i6', 'x', 'i1', 'i2', 'i3', 'i4'])
})

test('a crash of the provider does not confirm anything', async () => {
  await using world = await watching()
  await world.say(many(1, 2, 3, 4, 5))
  await world.say([])
  world.provider.throws('boom')
  await turns()
  world.provider.yields({ failure: FAILURE })
  await turns()
  assert.equal(world.ids().length, 5)
})

test('what is missing without proof is a problem, and counted by part', async () => {
  await using world = await watching()
  await world.say(many(1, 2))
  await world.say(many(1), { missing: 'unproven' })
  assert.deepEqual(world.codes(), ['E406'])
  const { unproven, parts } = world.watcher.state
  assert.deepEqual([unproven, parts[0]?.unproven, parts[0]?.instances], [1, 1, 2])
})

for (const jump of [-86_400_000, 86_400_000]) {
  test(`the ten minutes do not care for a wall clock that jumps by ${jump / 3_600_000} hours`, async () => {
    await using world = await watching()
    await world.say(many(1, 2))
    await world.say(many(1), { missing: 'unproven' })
    await world.clock.advance(UNPROVEN_LIMIT - 1)
    world.clock.jump(jump)
    await world.say(many(1), { missing: 'unproven' })
    assert.deepEqual(world.ids(), ['i1', 'i2'])
    assert.equal(world.watcher.state.age, 0)
    await world.clock.advance(1)
    assert.deepEqual(world.ids(), ['i1'])
  })
}

test('a part that cannot be read tells for how long', async () => {
  await using world = await watching()
  await world.say(many(1))
  await world.clock.advance(1_000)
  world.provider.yields({ failure: FAILURE })
  await turns()
  world.clock.jump(-50_000)
  await world.clock.advance(700)
  world.provider.yields({ failure: FAILURE })
  await turns()
  const [part] = world.watcher.state.parts
  assert.deepEqual([part?.age, part?.staleFor, part?.error], [1_700, 700, FAILURE.message])
  await world.say(many(1))
  assert.equal(world.watcher.state.parts[0]?.staleFor, undefined)
})

const RESTORED = new Map<string, StoredPart>([
  ['a', { knownAt: 900_000, snapshot: { part: 'a', instances: many(1, 2) } }],
  ['b', { knownAt: 900_000, snapshot: { part: 'b', instances: many(3) } }],
])

test('what was restored serves at once, marked as stale, and each part until its source answers', async () => {
  await using world = await watching({ restored: RESTORED })
  assert.deepEqual(world.ids(), ['i1', 'i2', 'i3'])
  assert.equal(world.watcher.state.state, 'stale')
  assert.deepEqual(world.codes(), ['E406', 'E406', 'E407'])
  await world.say(many(1), { part: 'a' })
  assert.deepEqual(world.ids(), ['i1', 'i3'])
  assert.deepEqual(
    world.watcher.state.parts.map(({ part, restored, lastSuccess, staleFor }) => [
      part,
      restored,
      lastSuccess,
      staleFor,
    ]),
    [
      ['a', false, 1_000_000, undefined],
      ['b', true, 900_000, 0],
    ],
  )
  await world.say(many(3), { part: 'b' })
  assert.deepEqual([world.watcher.state.state, world.codes()], ['ok', []])
})

test('with a restored picture the start waits for its source for a moment only', async () => {
  await using world = await watching({ restored: RESTORED })
  const { clock, watcher } = world
  const waiting = new Discovery([watcher], { clock }).ready(5_000)
  await clock.advance(499)
  assert.equal(await Promise.race([waiting, turns()]), undefined)
  await clock.advance(1)
  assert.equal(await waiting, true)
})

test('instances that were restored go ten minutes after the start, however long the source is down', async () => {
  await using world = await watching({ restored: RESTORED })
  world.provider.yields({ part: 'a', failure: FAILURE })
  await turns()
  await world.clock.advance(UNPROVEN_LIMIT - 1)
  assert.deepEqual(world.ids(), ['i1', 'i2', 'i3'])
  await world.clock.advance(1)
  assert.deepEqual(world.ids(), [])
})

test('what is stored tells for when its source vouched for it', async () => {
  await using world = await watching({ restored: RESTORED })
  await world.say(many(1), { part: 'a' })
  world.provider.yields({ part: 'c', instances: many(7) }, { part: 'c', failure: FAILURE })
  await turns()
  await world.clock.advance(5_000)
  assert.deepEqual(
    [...world.watcher.stored].map(([part, { knownAt }]) => [part, knownAt]),
    [
      ['a', 1_005_000],
      ['b', 900_000],
      ['c', 1_000_000],
    ],
  )
})

test('a trusted source stores nothing: it can be read again', async () => {
  await using world = await watching({ trusted: true })
  await world.say(many(1))
  assert.equal(world.watcher.stored.size, 0)
})

test('a restored part that a source which answers never names is forgotten', async () => {
  await using world = await watching({ restored: RESTORED })
  await world.say(many(1), { part: 'a' })
  await world.clock.advance(UNPROVEN_LIMIT)
  assert.deepEqual(
    world.watcher.state.parts.map(({ part }) => part),
    ['a'],
  )
})
