import assert from 'node:assert/strict'
import { DEFAULT_TRANSPORT } from '../../src/proxy/upstream/transport.ts'
import { test } from 'node:test'
import type { HealthCheck } from '../../src/balancing/health/check.ts'
import { HealthChecks } from '../../src/balancing/health/health-checks.ts'
import type { Checked } from '../../src/balancing/health/health-checks.ts'

const CHECK: HealthCheck = {
  interval: 30_000,
  unhealthyInterval: 5_000,
  timeout: 4_000,
  jitter: 0,
  question: { mode: 'tcp', port: undefined, send: '', expect: '' },
}

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** Time that passes when the test says so, and probes that end when it says so. */
class Scheduler {
  now = 1_000
  random = 0.5
  readonly begun: string[] = []
  readonly reported: string[] = []
  readonly #timers = new Set<Timer>()
  readonly #open = new Map<string, (found: string) => void>()
  readonly checks = new HealthChecks({
    tls: () => DEFAULT_TRANSPORT.tls,
    now: () => this.now,
    random: () => this.random,
    report: (_, key, { passed, found }) => this.reported.push(`${key} ${passed} ${found}`),
    timers: {
      set: (callback, milliseconds) => {
        const timer = { at: this.now + milliseconds, callback }
        this.#timers.add(timer)
        return timer
      },
      clear: (timer) => void this.#timers.delete(timer as Timer),
    },
    probe: ({ port }, _, signal) =>
      new Promise((resolve) => {
        const key = String.fromCharCode(port)
        this.begun.push(`${key}@${this.now}`)
        this.#open.set(key, (found) => resolve({ passed: found === 'ok', found }))
        signal.addEventListener('abort', () => resolve({ passed: false, found: 'timed out' }))
      }),
  })

  use(...keys: (string | Partial<Checked>)[]): void {
    this.checks.use(keys.map((key) => (typeof key === 'string' ? checked(key) : { ...checked('a'), ...key })))
  }

  async answer(key: string, found = 'ok'): Promise<void> {
    this.#open.get(key)!(found)
    await turn()
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
      if (!next) break
      this.#timers.delete(next)
      this.now = next.at
      next.callback()
      await turn()
    }
    this.now = end
  }
}

function checked(key: string): Checked {
  const target = { address: '10.0.0.1', port: key.charCodeAt(0), tls: false, authority: key }
  return { service: 'main', key, target, check: CHECK, up: true }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the first probe is sent at once, the next one an interval after it began', async () => {
  const it = new Scheduler()
  it.use('a')
  await it.pass(700)
  await it.answer('a')
  await it.pass(40_000)
  assert.deepEqual(it.begun, ['a@1000', 'a@31000'])
  assert.deepEqual(it.reported[0], 'a true ok')
})

test('a probe that hangs is a failed one, and the next is sent when it is due', async () => {
  const it = new Scheduler()
  it.use('a')
  await it.pass(31_000)
  assert.deepEqual(it.reported, ['a false timed out'])
  assert.deepEqual(it.begun, ['a@1000', 'a@31000'])
})

test('an endpoint that is down is asked at its own interval, from the last probe on', async () => {
  const it = new Scheduler()
  it.use('a')
  await it.answer('a', 'bad')
  await it.pass(1_000)
  it.use({ up: false })
  await it.pass(4_000)
  await it.answer('a')
  it.use({ up: true })
  await it.pass(30_000)
  assert.deepEqual(it.begun, ['a@1000', 'a@6000', 'a@36000'])
})

test('what a change leaves as it is goes on in its own time', async () => {
  const it = new Scheduler()
  it.use('a')
  await it.answer('a')
  for (let i = 0; i < 20; i++) {
    await it.pass(1_000)
    it.use({ check: structuredClone(CHECK), target: structuredClone(checked('a').target) }, 'b')
  }
  await it.pass(10_000)
  assert.deepEqual(
    it.begun.filter((begun) => begun.startsWith('a')),
    ['a@1000', 'a@31000'],
  )
})

test('a changed check is carried out at once, and the answer to the old question is none', async () => {
  const it = new Scheduler()
  it.use('a')
  await it.pass(10)
  it.use({ check: { ...CHECK, question: { ...CHECK.question, port: 9 } as HealthCheck['question'] } })
  await it.pass(10)
  assert.deepEqual(it.begun, ['a@1000', 'a@1010'])
  assert.deepEqual(it.reported, [])
  await it.answer('a')
  assert.deepEqual(it.reported, ['a true ok'])
})

test('what is no longer named is no longer probed', async () => {
  const it = new Scheduler()
  it.use('a', 'b')
  await it.answer('a')
  await it.pass(10)
  it.use()
  await it.answer('b')
  await it.pass(100_000)
  assert.deepEqual(it.reported, ['a true ok'])
  assert.equal(it.begun.length, 2)
  assert.equal(it.checks.size, 0)
})

test('probes spread out by chance', async () => {
  for (const [random, next] of [
    [0, 27_000],
    [1, 33_000],
  ] as const) {
    const it = new Scheduler()
    it.random = random
    it.use({ check: { ...CHECK, jitter: 10 } })
    await it.answer('a')
    await it.pass(next - 1)
    assert.equal(it.begun.length, 1)
    await it.pass(1)
    assert.equal(it.begun.length, 2)
  }
})

test('a probe now: unless one is under way', async () => {
  const it = new Scheduler()
  it.use('a')
  it.checks.probeNow('main', 'a')
  await it.pass(0)
  assert.equal(it.begun.length, 1)
  await it.answer('a')
  await it.pass(100)
  it.checks.probeNow('main', 'a')
  it.checks.probeNow('main', 'unknown')
  await it.pass(0)
  assert.deepEqual(it.begun, ['a@1000', 'a@1100'])
})

test('no more than two hundred probes are under way', async () => {
  const it = new Scheduler()
  const many = Array.from({ length: 500 }, (_, i) => ({
    key: String(i),
    target: { address: '10.0.0.1', port: i + 1_000, tls: false, authority: '' },
  }))
  it.use(...many)
  await turn()
  assert.equal(it.begun.length, 200)
  await it.pass(4_000)
  assert.equal(it.begun.length, 400, 'those that hang make room when their time is over')
  it.checks.close()
})
