import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { oneService } from './one-service.ts'
import type { OneService } from './one-service.ts'

const KEYS = ['a', 'b', 'c', 'd', 'e']

/** What the test itself knows of the endpoints. */
interface Model {
  named: Set<string>
  terminating: Set<string>
  drained: Set<string>
  /** By the transitions that were told. */
  readonly told: Map<string, string>
}

interface Event {
  readonly text: string
  readonly happen: (it: OneService, model: Model) => string[] | false
}

const key = fc.constantFrom(...KEYS)
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.array(fc.tuple(key, fc.boolean()), { maxLength: 6 }).map((endpoints) => ({
    text: `name ${endpoints.map(([name, terminating]) => `${name}${terminating ? '!' : ''}`).join(' ')}`,
    happen: (it: OneService, model: Model) => {
      const last = new Map(endpoints)
      model.named = new Set(last.keys())
      model.terminating = new Set([...last].filter(([, terminating]) => terminating).map(([name]) => name))
      return it.name(...[...last].map(([name, terminating]) => `${name}${terminating ? '!' : ''}`))
    },
  })),
  fc.tuple(key, fc.integer({ min: 1, max: 7 })).map(([name, failures]) => ({
    text: `${name} fails ${failures}`,
    happen: (it: OneService) => it.fails(name, failures),
  })),
  key.map((name) => ({ text: `${name} succeeds`, happen: (it: OneService) => it.succeeds(name) })),
  fc.tuple(key, fc.boolean()).map(([name, passed]) => ({
    text: `probe of ${name} ${passed ? 'passes' : 'fails'}`,
    happen: (it: OneService) => it.probe(name, passed),
  })),
  fc.tuple(key, fc.integer({ min: 1, max: 2 })).map(([name, worker]) => ({
    text: `${name} has drained in ${worker}`,
    happen: (it: OneService) => it.drained(worker, name),
  })),
  fc.integer({ min: 0, max: 40_000 }).map((milliseconds) => ({
    text: `after ${milliseconds} ms`,
    happen: (it: OneService) => it.after(milliseconds),
  })),
  fc.tuple(key, fc.constantFrom('drain', 'undrain')).map(([name, action]) => ({
    text: `${action} ${name}`,
    happen: (it: OneService, { drained }: Model) => {
      const transitions = it.operator(action, name)
      if (transitions && action === 'drain') drained.add(name)
      if (action === 'undrain') drained.delete(name)
      return transitions
    },
  })),
)

const settings = fc.record({
  slowStart: fc.constantFrom(0, 5_000),
  check: fc.constantFrom(
    undefined,
    { rise: 2, fall: 2, initiallyUp: false },
    { rise: 1, fall: 3, initiallyUp: true },
  ),
})

test('whatever happens: nothing that leaves gets requests, half stay in, and what is told is what is', () => {
  fc.assert(
    fc.property(settings, fc.array(event, { maxLength: 60 }), (given, events) => {
      const it = oneService(given)
      const model: Model = { named: new Set(), terminating: new Set(), drained: new Set(), told: new Map() }
      for (const { text, happen } of events) {
        for (const line of happen(it, model) || []) {
          const [, name = '', to = ''] = /^(\w) (\w+):/.exec(line)!
          model.told.set(name, to)
        }
        check(it, model, text)
      }
      settleDown(it)
    }),
    { numRuns: 2_000 },
  )
})

function check(it: OneService, { named, terminating, drained, told }: Model, text: string): void {
  const live = it.cycle.live.get('main') ?? new Map<string, { state: string }>()
  for (const [name, { state }] of live) {
    const leaves = !named.has(name) || terminating.has(name) || drained.has(name)
    assert.equal(state === 'draining', leaves, `after ${text}: ${name} is ${state}`)
    assert.equal(told.get(name), state, `after ${text}: ${name} was told otherwise`)
  }
  for (const name of named) {
    if (terminating.has(name) || drained.has(name)) continue
    assert.ok(live.has(name), `after ${text}: ${name} is not served`)
  }
  for (const [name, state] of told) assert.equal(live.has(name), state !== 'gone', `after ${text}: ${name}`)
  const states = [...live.values()].map(({ state }) => state)
  const ejected = states.filter((state) => state === 'ejected').length
  const pool = states.filter((state) => state !== 'draining').length
  assert.ok(ejected <= Math.floor(pool / 2), `after ${text}: ${ejected} of ${pool} are ejected`)
  assert.ok((it.cycle.nextDeadline ?? 0) >= 0)
}

/** With time alone, everything that need not wait for somebody comes to rest. */
function settleDown(it: OneService): void {
  for (let steps = 0; it.cycle.nextDeadline !== undefined; steps++) {
    assert.ok(steps < 100, 'there is always something more to wait for')
    it.after(it.cycle.nextDeadline)
  }
  const states = it.cycle.endpoints.map(({ state, reason }) => `${state}: ${reason}`)
  const restless = states.filter((state) =>
    /^(?:draining|warming|ejected(?!.*waits for a probe))/.test(state),
  )
  assert.deepEqual(restless, [])
}
