import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromPlain } from '../../src/config/source-tree.ts'
import type { SourceNode } from '../../src/config/source-tree.ts'
import { PresenceGuard } from '../../src/discovery/presence-guard.ts'
import { UNPROVEN_LIMIT } from '../../src/discovery/provider.ts'
import type { Instance, Snapshot } from '../../src/discovery/provider.ts'
import { instance } from './fake-provider.ts'

/** `web-1` … of the service `web`, each at an address of its own. */
function web(...numbers: readonly number[]): Instance[] {
  return numbers.map((n) => instance(`web-${n}`, { name: 'web', address: `10.0.0.${n}` }))
}

function api(...numbers: readonly number[]): Instance[] {
  return numbers.map((n) => instance(`api-${n}`, { name: 'api', address: `10.0.1.${n}` }))
}

function guarding({ trusted = false, proofs = true } = {}) {
  let now = 5
  const guard = new PresenceGuard({ trusted, proofs, monotonic: () => now })
  return {
    guard,
    pass: (milliseconds: number) => {
      now += milliseconds
      guard.review()
    },
    say: (instances: readonly Instance[], more: Partial<Snapshot> = {}) =>
      guard.take('', { instances, ...more }),
    /** Ids that serve, `?` after those that their source does not show. */
    ids: (part = '') =>
      (guard.served.get(part)?.instances ?? []).map(({ id, unproven }) => (unproven ? `${id}?` : id)),
  }
}

interface Case {
  readonly name: string
  readonly before: readonly Instance[]
  readonly answer: Snapshot
  readonly expected: string
}

const answers: readonly Case[] = [
  {
    name: 'a sound answer without it',
    before: web(1, 2),
    answer: { instances: web(1) },
    expected: 'web-1',
  },
  {
    name: 'an answer that proves nothing',
    before: web(1, 2),
    answer: { instances: web(1), missing: 'unproven' },
    expected: 'web-1 web-2?',
  },
  {
    name: 'an answer of nothing that proves nothing',
    before: web(1, 2, 3, 4, 5),
    answer: { missing: 'unproven' },
    expected: 'web-1? web-2? web-3? web-4? web-5?',
  },
  {
    name: 'an answer that proves nothing, but that one was released',
    before: web(1, 2),
    answer: { instances: [], missing: 'unproven', released: ['web-2'] },
    expected: 'web-1?',
  },
  {
    name: 'a service that could not be read, beside one that lost an instance',
    before: [...web(1), ...api(1, 2)],
    answer: { instances: api(1), unread: ['web'] },
    expected: 'api-1 web-1?',
  },
  {
    name: 'three at once',
    before: web(1, 2, 3),
    answer: { instances: [] },
    expected: '',
  },
  {
    name: 'four of eight',
    before: web(1, 2, 3, 4, 5, 6, 7, 8),
    answer: { instances: web(1, 2, 3, 4) },
    expected: 'web-1 web-2 web-3 web-4',
  },
  {
    name: 'four of seven',
    before: web(1, 2, 3, 4, 5, 6, 7),
    answer: { instances: web(1, 2, 3) },
    expected: 'web-1 web-2 web-3 web-4? web-5? web-6? web-7?',
  },
  {
    name: 'most of one service and one of another: only the first is doubted',
    before: [...web(1, 2, 3, 4), ...api(1, 2, 3, 4, 5, 6, 7, 8)],
    answer: { instances: api(2, 3, 4, 5, 6, 7, 8) },
    expected: 'api-2 api-3 api-4 api-5 api-6 api-7 api-8 web-1? web-2? web-3? web-4?',
  },
  {
    name: 'most of the part, though no service loses more than three',
    before: [...web(1, 2, 3), ...api(1, 2, 3)],
    answer: { instances: [...web(1), ...api(1)] },
    expected: 'web-1 api-1 web-2? web-3? api-2? api-3?',
  },
  {
    name: 'a service whose instances are replaced in one answer has not disappeared',
    before: web(1, 2, 3, 4, 5),
    answer: { instances: web(6, 7, 8, 9, 10) },
    expected: 'web-6 web-7 web-8 web-9 web-10',
  },
  {
    name: 'those on their way out were not serving',
    before: web(1, 2, 3, 4, 5).map((one) => ({ ...one, terminating: true })),
    answer: { instances: [] },
    expected: '',
  },
]
for (const { name, before, answer, expected } of answers) {
  test(`what is missing from an answer: ${name}`, () => {
    const world = guarding()
    world.say(before)
    world.guard.take('', answer)
    assert.equal(world.ids().join(' '), expected)
  })
}

test('a source that is trusted is obeyed at once', () => {
  const world = guarding({ trusted: true })
  world.say(web(1, 2, 3, 4, 5))
  world.say([])
  assert.deepEqual(world.ids(), [])
  assert.equal(world.guard.wantsReading, false)
})

test('without proofs every answer is believed', () => {
  const world = guarding({ proofs: false })
  world.say(web(1, 2, 3, 4, 5))
  world.say([...web(1), { ...instance('b'), unproven: true }], { missing: 'unproven' })
  assert.deepEqual(world.ids(), ['web-1'])
})

test('a second reading that agrees is obeyed; one that does not ends the doubt', () => {
  const world = guarding()
  world.say(web(1, 2, 3, 4, 5))
  world.say([])
  assert.deepEqual([world.guard.wantsReading, world.guard.count('', 'held')], [true, 5])
  world.say(web(1, 2))
  assert.deepEqual(world.ids(), ['web-1', 'web-2'])
  assert.deepEqual([world.guard.wantsReading, world.guard.count('', 'held')], [false, 0])
  assert.equal(world.guard.heldBackTotal, 5)
})

test('the same reading told twice is no second reading', () => {
  const world = guarding()
  world.say(web(1, 2, 3, 4, 5), { reading: 1 })
  world.say([], { reading: 1 })
  world.say(api(1), { reading: 1 })
  assert.deepEqual(world.ids(), ['api-1', 'web-1?', 'web-2?', 'web-3?', 'web-4?', 'web-5?'])
  world.say(api(1), { reading: 2 })
  assert.deepEqual(world.ids(), ['api-1'])
})

test('a second reading that proves nothing does not count', () => {
  const world = guarding()
  world.say(web(1, 2, 3, 4, 5))
  world.say([])
  world.say([], { missing: 'unproven' })
  assert.equal(world.guard.count('', 'held'), 5)
  world.say([])
  assert.deepEqual(world.ids(), [])
})

test('what is unproven leaves when its absence is proved, however many they are', () => {
  const world = guarding()
  world.say(web(1, 2, 3, 4, 5))
  world.say([], { missing: 'unproven' })
  world.say([])
  assert.deepEqual(world.ids(), [])
})

test('ten minutes from the first miss, to the millisecond; being shown again starts anew', () => {
  const world = guarding()
  world.say(web(1, 2))
  world.say(web(1), { missing: 'unproven' })
  world.pass(UNPROVEN_LIMIT - 1)
  world.say(web(1), { missing: 'unproven' })
  assert.deepEqual(world.ids(), ['web-1', 'web-2?'])
  assert.equal(world.guard.nextExpiry, 1)
  world.pass(1)
  assert.deepEqual(world.ids(), ['web-1'])
  assert.equal(world.guard.nextExpiry, undefined)
  world.say(web(1, 2))
  world.say(web(1), { missing: 'unproven' })
  world.pass(UNPROVEN_LIMIT - 1)
  assert.deepEqual(world.ids(), ['web-1', 'web-2?'])
})

test('what the provider itself calls unproven has the same time, and stays away when that is over', () => {
  const world = guarding()
  const unproven = web(2).map((one) => ({ ...one, unproven: true as const }))
  world.say([...web(1), ...unproven])
  world.pass(UNPROVEN_LIMIT)
  world.say([...web(1), ...unproven])
  assert.deepEqual(world.ids(), ['web-1'])
  world.say(web(1, 2))
  assert.deepEqual(world.ids(), ['web-1', 'web-2'])
})

test('held back removals are obeyed when nothing confirms them within the time', () => {
  const world = guarding()
  world.say(web(1, 2, 3, 4))
  world.say([])
  world.pass(UNPROVEN_LIMIT)
  assert.deepEqual(world.ids(), [])
})

const takers: readonly (readonly [string, Partial<Instance>, Partial<Instance>, boolean])[] = [
  ['the same address and port', {}, {}, true],
  ['another port of the same address', {}, { ports: [{ port: 81 }] }, false],
  ['one of several ports', { ports: [{ port: 79 }, { port: 81 }] }, { ports: [{ port: 81 }] }, true],
  ['the address without a port', {}, { ports: [] }, true],
  ['the address of one without a port', { ports: [] }, {}, true],
  ['the same name in other letters', { address: 'Node.test' }, { address: 'node.TEST' }, true],
  ['another address', {}, { address: '10.9.9.9' }, false],
]
for (const [name, mine, theirs, leaves] of takers) {
  test(`an unproven instance ${leaves ? 'leaves' : 'stays'} when another instance has ${name}`, () => {
    const world = guarding()
    world.say([instance('a', mine)])
    world.say([instance('b', { name: 'other', ...theirs })], { missing: 'unproven' })
    assert.deepEqual(world.ids(), leaves ? ['b'] : ['b', 'a?'])
  })
}

test('an address that another part has now is taken as well', () => {
  const world = guarding()
  world.say(web(1))
  world.say([], { missing: 'unproven' })
  world.guard.take('dc2', { part: 'dc2', instances: [instance('x', { address: '10.0.0.1' })] })
  assert.deepEqual([world.ids(), world.ids('dc2')], [[], ['x']])
})

test('whoever lost its address does not come back when the taker leaves, unless it is shown again', () => {
  const world = guarding()
  const mine = { ...instance('a'), unproven: true as const }
  world.say([mine])
  world.say([mine, instance('b')])
  assert.deepEqual(world.ids(), ['b'])
  world.say([mine])
  assert.deepEqual(world.ids(), [])
  world.say([instance('a')])
  assert.deepEqual(world.ids(), ['a'])
})

test('a source that answers from other data may have forgotten: nothing is proved until it has shown it', () => {
  const world = guarding()
  world.say(web(1, 2), { catalog: ['s1', 's2'] })
  world.say(web(1), { catalog: ['s3'] })
  assert.deepEqual(world.ids(), ['web-1', 'web-2?'])
  world.say(web(1), { catalog: ['s3'] })
  assert.deepEqual(world.ids(), ['web-1', 'web-2?'])
  world.say(web(1, 2), { catalog: ['s3'] })
  world.say(web(1), { catalog: ['s3', 's4'] })
  assert.deepEqual(world.ids(), ['web-1'])
})

test('data that were lost between two processes are noticed as well', () => {
  const world = guarding()
  world.guard.restore('', { instances: web(1, 2), catalog: ['s1'] })
  world.say(web(1), { catalog: ['s3'] })
  assert.deepEqual(world.ids(), ['web-1', 'web-2?'])
  world.say(web(1), { catalog: ['s3'], released: ['web-2'] })
  assert.deepEqual(world.ids(), ['web-1'])
})

test('what was restored is unproven until the source answers, and then as it says', () => {
  const world = guarding()
  world.guard.restore('', { instances: web(1, 2, 3, 4, 5) })
  assert.equal(world.guard.count('', 'unproven'), 5)
  world.say(web(1))
  assert.deepEqual(world.ids(), ['web-1'])
})

test('a first answer that proves nothing leaves what was restored in place', () => {
  const world = guarding()
  world.guard.restore('', { instances: web(1, 2) })
  world.pass(100)
  world.say(web(1), { missing: 'unproven' })
  assert.deepEqual(world.ids(), ['web-1', 'web-2?'])
  world.pass(UNPROVEN_LIMIT - 100)
  assert.deepEqual(world.ids(), ['web-1'])
})

test('the picture is the answer itself where nothing is in doubt', () => {
  const world = guarding()
  const instances = web(1, 2)
  world.say(instances, { reading: 3, unread: [], released: [] })
  assert.deepEqual(world.guard.served.get(''), { instances })
  assert.equal(world.guard.served.get('')?.instances, instances)
})

function routes(count: number): SourceNode {
  const routers = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`r${i}`, { rule: 'PathPrefix(`/`)' }]),
  )
  return fromPlain({ http: { routers } }, { source: 'consul' })
}

test('routing that is missing without proof is kept for ten minutes', () => {
  const world = guarding()
  const routing = routes(2)
  world.say([], { routing })
  world.guard.take('', { missing: 'unproven' })
  assert.equal(world.guard.served.get('')?.routing, routing)
  world.pass(UNPROVEN_LIMIT)
  assert.equal(world.guard.served.get('')?.routing, undefined)
})

test('routing of which anything is missing without proof is kept as well', () => {
  const world = guarding()
  const [routing, less, more] = [routes(3), routes(2), routes(4)]
  world.guard.take('', { routing })
  world.guard.take('', { routing: less, missing: 'unproven' })
  assert.equal(world.guard.served.get('')?.routing, routing)
  assert.equal(world.guard.whyKeptRouting(''), 'unproven')
  world.guard.take('', { routing: more, missing: 'unproven' })
  assert.equal(world.guard.served.get('')?.routing, more)
  assert.equal(world.guard.whyKeptRouting(''), undefined)
})

test('routing that is gone waits for a second reading, however little it was', () => {
  const world = guarding()
  const routing = routes(1)
  world.guard.take('', { routing, reading: 1 })
  world.guard.take('', { reading: 1 })
  assert.equal(world.guard.served.get('')?.routing, routing)
  assert.equal(world.guard.wantsReading, true)
  world.guard.take('', { reading: 2 })
  assert.equal(world.guard.served.get('')?.routing, undefined)
})

test('routing that loses most of its definitions waits for a second reading', () => {
  const world = guarding()
  const [routing, less] = [routes(8), routes(3)]
  world.guard.take('', { routing, reading: 1 })
  world.guard.take('', { routing: less, reading: 1 })
  assert.equal(world.guard.served.get('')?.routing, routing)
  world.guard.take('', { routing: less, reading: 1 })
  assert.equal(world.guard.served.get('')?.routing, routing)
  world.guard.take('', { routing: less, reading: 2 })
  assert.equal(world.guard.served.get('')?.routing, less)
  assert.equal(world.guard.wantsReading, false)
})
