import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breaker, breakerMemory, settleBreaker } from '../../src/middlewares/breaker/breaker.ts'
import type { Measures } from '../../src/middlewares/breaker/breaker.ts'
import { Measured, MEASURED_LENGTH } from '../../src/middlewares/breaker/measured.ts'
import circuitBreaker from '../../src/middlewares/circuit-breaker.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { ServedRoutes } from '../support/served-routes.ts'
import { until } from '../support/until.ts'
import { complaintAbout } from './make-middleware.ts'

test('measures count the last ten seconds', () => {
  const measured = new Measured(new Int32Array(new SharedArrayBuffer(MEASURED_LENGTH * 4)))
  for (let second = 0; second < 20; second++)
    measured.record(second * 1_000 + 500, 200 + second, second % 2 === 0, 10)
  assert.equal(measured.total(19_900), 10)
  assert.equal(measured.failedRatio(19_900), 0.5)
  assert.equal(measured.statusRatio(19_900, 200, 210, 200, 220), 0)
  assert.equal(measured.statusRatio(19_900, 210, 212, 200, 220), 0.2)
  assert.equal(measured.statusRatio(19_900, 200, 300, 500, 600), 0, 'nothing to divide by')
  assert.equal(measured.total(28_900), 1)
  assert.equal(measured.total(40_000), 0)
})

test('a quantile of latency is right to a tenth', () => {
  const measured = new Measured(new Int32Array(new SharedArrayBuffer(MEASURED_LENGTH * 4)))
  for (let latency = 1; latency <= 1_000; latency++) measured.record(500, 200, false, latency)
  for (const percent of [1, 50, 90, 99, 100]) {
    const found = measured.latencyAt(600, percent)
    assert.ok(Math.abs(found / (percent * 10) - 1) <= 0.1, `${percent}: ${found}`)
  }
})

interface Stage {
  now: number
  readonly breaker: Breaker
}

/** Opens when more than half of at least ten requests fail. */
function stage(memory = breakerMemory(5_000)): Stage {
  const terms = {
    condition: ({ measured, now }: Measures) => measured.total(now) >= 10 && measured.failedRatio(now) > 0.5,
    checkPeriod: 100,
    fallbackDuration: 10_000,
    recoveryDuration: 10_000,
  }
  const clock = { now: 0 }
  return Object.assign(clock, { breaker: new Breaker(memory, terms, () => 5_000 + clock.now) })
}

function fail({ breaker }: Stage, times: number): void {
  for (let i = 0; i < times; i++) breaker.record(502, true, 1)
}

test('opens when its condition is true, for all workers', () => {
  const memory = breakerMemory(5_000)
  const [one, other] = [stage(memory), stage(memory)]
  fail(one, 9)
  one.now = other.now = 200
  assert.ok(one.breaker.lets())
  fail(other, 1)
  assert.ok(!one.breaker.lets())
  assert.ok(!other.breaker.lets())
})

test('looks at the condition once in a period', () => {
  const clock = stage()
  fail(clock, 20)
  assert.ok(clock.breaker.lets(), 'the first answer was looked at, the others came within the period')
  clock.now = 101
  fail(clock, 1)
  assert.ok(!clock.breaker.lets())
})

test('after its time lets a growing share pass, then all', () => {
  const clock = stage()
  fail(clock, 10)
  clock.now = 200
  fail(clock, 1)
  clock.now = 10_100
  assert.ok(!clock.breaker.lets(), 'still open')
  clock.now = 10_300
  clock.breaker.lets()
  const passed = (at: number): number => {
    clock.now = at
    return Array.from({ length: 100 }, () => clock.breaker.lets()).filter(Boolean).length
  }
  const shares = [passed(11_300), passed(15_300), passed(19_300)]
  assert.ok(shares[0]! <= 15 && shares[1]! > shares[0]! && shares[2]! > shares[1]!, shares.join())
  assert.equal(passed(20_400), 100)
})

test('opens again when it recovers too early', () => {
  const clock = stage()
  fail(clock, 10)
  clock.now = 200
  fail(clock, 1)
  clock.now = 15_000
  clock.breaker.lets()
  fail(clock, 9)
  clock.now = 15_200
  fail(clock, 2)
  assert.ok(!clock.breaker.lets())
  clock.now = 25_100
  assert.ok(!clock.breaker.lets())
})

test('a worker that dies while it turns the breaker leaves it closed', () => {
  const memory = breakerMemory(0)
  new Int32Array(memory, 32)[0] = 3
  const { breaker } = stage(memory)
  assert.ok(!breaker.lets())
  settleBreaker(memory)
  assert.ok(breaker.lets())
})

const complaints: [expression: string, complaint: RegExp][] = [
  ['NetworkErrorRatio()', /`expression`: a comparison/],
  ['NetworkErrorRation() > 0.5', /did you mean `NetworkErrorRatio`\?/],
  ['ResponseCodeRatio(500, 600) > 0.5', /takes the arguments from, to, dividedByFrom, dividedByTo/],
  ['ResponseCodeRatio(500.5, 600, 0, 600) > 0.5', /whole numbers/],
  ['LatencyAtQuantileMS(101) > 5', /from 0 to 100/],
]
for (const [expression, complaint] of complaints) {
  test(`refuses ${expression}`, () => {
    assert.match(complaintAbout(circuitBreaker, { expression }) ?? '', complaint)
  })
}

test('refuses a status that there is not', () => {
  const options = { expression: 'NetworkErrorRatio() > 0.5', responseCode: 499 }
  assert.match(complaintAbout(circuitBreaker, options) ?? '', /no status of HTTP/)
})

test('in front of a service that fails: opens over all workers, recovers with it, and spares it meanwhile', async () => {
  await using origin = await startOrigin()
  const http = {
    routers: { all: { rule: 'PathPrefix(`/`)', priority: 1, service: 'all', middlewares: ['breaker'] } },
    services: { all: { loadBalancer: { servers: [{ url: origin.url }] } } },
    middlewares: {
      breaker: {
        circuitBreaker: {
          expression: 'ResponseCodeRatio(500, 600, 0, 600) > 0.3 && RequestThreshold() >= 5',
          fallbackDuration: '500ms',
          recoveryDuration: '500ms',
          checkPeriod: '10ms',
        },
      },
    },
  }
  await using routes = await ServedRoutes.start(http, ['--workers=2'])
  const ask = async (path: string): Promise<string> => {
    await using peer = await RawPeer.open(routes.port)
    const { head } = await peer
      .write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
      .readMessage()
    return `${head.slice(9, 12)}${/tidegate-why: (..)/i.exec(head)?.[1] ?? ''}`
  }
  assert.equal(await ask('/'), '200')
  await until('the breaker to open', async () => (await ask('/?status=500')) === '503CB')
  const { answered } = origin
  for (let i = 0; i < 10; i++) assert.equal(await ask('/'), '503CB')
  assert.equal(origin.answered, answered)
  await until('the breaker to close', async () => {
    const answers = [await ask('/'), await ask('/'), await ask('/'), await ask('/')]
    return answers.every((answer) => answer === '200')
  })
})
