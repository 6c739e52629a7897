import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeapKeeper } from '../../src/server/heap-keeper.ts'

const MIB = 2 ** 20

const cases: [name: string, left: number, collects: boolean][] = [
  ['much was left behind: it is collected', 60 * MIB, true],
  ['little was left behind: that is not worth it', 10 * MIB, false],
]
for (const [name, left, collects] of cases) {
  test(name, (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let used = 40 * MIB
    let collected = 0
    const keeper = new HeapKeeper(
      () => used,
      () => {
        collected++
        used = 45 * MIB
      },
    )
    used += left
    keeper.changed()
    t.mock.timers.tick(2_000)
    assert.equal(collected, collects ? 1 : 0)
    // What was kept is no reason to look again.
    keeper.changed()
    t.mock.timers.tick(2_000)
    assert.equal(collected, collects ? 1 : 0)
  })
}

test('what is collected is garbage, and nobody else sees how', async () => {
  let garbage: object | undefined = {}
  const seen = new WeakRef(garbage)
  const { promise, resolve } = Promise.withResolvers<void>()
  const registry = new FinalizationRegistry(() => resolve())
  registry.register(garbage, undefined)
  garbage = undefined
  let used = 0
  // Made to look once, as after a change.
  const keeper = new HeapKeeper(() => used)
  used = 1_000 * MIB
  keeper.changed()
  // Holds the process until the timer of the keeper, which holds nothing, has fired.
  const waiting = setInterval(() => {}, 100)
  await promise
  clearInterval(waiting)
  assert.equal(seen.deref(), undefined)
  assert.equal('gc' in globalThis, false)
})
