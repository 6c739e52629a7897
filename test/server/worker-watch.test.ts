import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GAUGE, SharedSlots } from '../../src/server/shared-slots.ts'
import { WorkerWatch } from '../../src/server/worker-watch.ts'

interface Stage extends Disposable {
  readonly events: string[]
  readonly slots: SharedSlots
  set(gauge: keyof typeof GAUGE, value: number): void
  look(seconds: number): void
}

function stage(): Stage {
  const slots = new SharedSlots(1)
  const events: string[] = []
  const watch = new WorkerWatch(slots, ['one', 'two'], {
    silent: (_slot, message) => events.push(message),
    hopeless: (_slot, plugin) => events.push(`hopeless: ${plugin}`),
  })
  return {
    events,
    slots,
    set: (gauge, value) => void Atomics.store(slots.slot(0).gauges, GAUGE[gauge], value),
    look: (seconds) => watch.look(seconds * 1_000),
    [Symbol.dispose]: () => watch.close(),
  }
}

test('a worker that is silent while a plug-in runs is told once, and when it is back', () => {
  using on = stage()
  on.set('beat', 1)
  on.set('plugin', 2)
  for (const at of [0, 0.9, 1.1, 1.4, 5]) on.look(at)
  on.set('beat', 2)
  on.look(6)
  on.look(6.5)
  assert.deepEqual(on.events, [
    'it has not answered for 1.1 s: the plugin `two` holds it',
    'it answers again, after 6.0 s',
  ])
})

test('behind a wait of a plug-in, the last one is suspected', () => {
  using on = stage()
  on.set('beat', 1)
  on.set('lastPlugin', 1)
  on.look(0)
  on.look(2)
  assert.deepEqual(on.events, [], 'nothing of it is under way')
  on.set('pluginCalls', 1)
  on.look(3)
  assert.match(on.events.join(), /^it has not answered for 3\.0 s; the plugin `one` has requests under way/)
})

test('a plug-in that will not let go costs the worker, and nothing else does', () => {
  using on = stage()
  on.set('beat', 1)
  on.look(0)
  on.look(40)
  assert.deepEqual(on.events, [])
  on.set('beat', 2)
  on.set('plugin', 1)
  on.look(41)
  on.look(72)
  assert.deepEqual(on.events, ['hopeless: one'])
})

test('who has not begun is not waited for', () => {
  using on = stage()
  on.set('plugin', 1)
  on.look(0)
  on.look(60)
  assert.deepEqual(on.events, [])
})
