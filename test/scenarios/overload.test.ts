import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from '../support/latency-histogram.ts'
import { startLoad } from '../support/load.ts'
import type { Outcome } from '../support/load-tally.ts'
import { SlottedOrigin } from '../support/slotted-origin.ts'
import { startTidegate } from '../support/tidegate.ts'
import { scaled } from './scale.ts'
import { ServedService } from './served-service.ts'

/** Milliseconds that the service takes for a request. */
const WORK = 25
/** Requests that the service works on at once; capacity and load are scaled with it. */
const SLOTS = scaled(25, 10)
const CAPACITY = (SLOTS * 1_000) / WORK
/** What has to be served of it; short runs leave room for whatever else the machine does. */
const ENOUGH = scaled(0.8, 0.7) * CAPACITY
const SECONDS = scaled(20, 3)
/** Milliseconds that a client waits before it goes away. */
const PATIENCE = 1_000

interface Report {
  /** Requests a second that were served within the client's patience. */
  readonly goodput: number
  /** Milliseconds that requests waited for a refusal. */
  readonly refusals: LatencyHistogram
  /** Milliseconds that served requests took. */
  readonly served: LatencyHistogram
  /** Milliseconds from the end of the overload to the last request that was not served. */
  readonly recovery: number
  /** Milliseconds that the ping page took while the overload lasted; Infinity when it failed. */
  readonly slowestPing: number
  readonly causes: string
}

test('three times the capacity: what can be served is served, the rest is refused at once', async (t) => {
  const report = await overload([`--overload.maxInFlight=${SLOTS}`])
  show(t, report)
  assert.ok(report.goodput >= ENOUGH, `${report.goodput}/s of ${CAPACITY}/s`)
  assert.ok(report.refusals.quantile(scaled(0.95, 0.5)) <= 20, 'refusals come at once')
  assert.ok(report.served.quantile(0.99) <= 1_000, 'what is served is served in time')
  assert.ok(report.recovery <= 5_000, `recovered after ${report.recovery} ms`)
  assert.ok(report.slowestPing <= 1_000, `the ping page took ${report.slowestPing} ms`)
})

test('the same with a queue in front of the service', async (t) => {
  const report = await overload([], { maxConnections: SLOTS, maxQueue: SLOTS, queueTimeout: '1s' })
  show(t, report)
  assert.ok(report.goodput >= ENOUGH, `${report.goodput}/s of ${CAPACITY}/s`)
  assert.ok(report.refusals.quantile(scaled(0.9, 0.5)) <= 20, 'refusals come at once')
  assert.ok(report.recovery <= 5_000, `recovered after ${report.recovery} ms`)
})

test('contrast: without limits nearly everything comes too late', async (t) => {
  const report = await overload(['--overload.maxInFlight=0'])
  show(t, report)
  assert.ok(report.goodput < ENOUGH, `${report.goodput}/s of ${CAPACITY}/s`)
})

async function overload(flags: readonly string[], loadBalancer: object = {}): Promise<Report> {
  await using origin = await SlottedOrigin.start(SLOTS, WORK)
  await using service = await ServedService.at(origin.url, loadBalancer)
  await using tidegate = await startTidegate({ flags: [service.flag, '--workers=1', ...flags] })
  const common = {
    port: tidegate.port,
    hosts: ['a.example'],
    posts: 0,
    fresh: 0,
    timeout: PATIENCE,
    maxInFlight: 20_000,
  }
  const served = new LatencyHistogram()
  const refusals = new LatencyHistogram()
  const onOutcome = ({ cause, status, latency }: Outcome): void => {
    if (cause === 'ok' && latency <= PATIENCE) served.record(latency)
    else if (status === 503) refusals.record(latency)
  }
  await using load = startLoad({ ...common, rate: 3 * CAPACITY, onOutcome })
  const slowestPing = await slowest(() => ping(tidegate.port), SECONDS * 1_000)
  const goodput = Math.round(served.count / SECONDS)
  const overloadEnd = performance.now()
  const ended = load.stop()
  let lastFailure = overloadEnd
  await using calm = startLoad({
    ...common,
    rate: CAPACITY / 4,
    prefix: 'calm',
    requests: (CAPACITY / 4) * scaled(6, 3),
    onOutcome: ({ cause, endedAt }) => void (cause === 'ok' || (lastFailure = endedAt)),
  })
  await calm.done
  const causes = String(await ended)
  return { goodput, refusals, served, recovery: lastFailure - overloadEnd, slowestPing, causes }
}

async function slowest(measure: () => Promise<number>, forMilliseconds: number): Promise<number> {
  const end = performance.now() + forMilliseconds
  let worst = 0
  while (performance.now() < end) {
    worst = Math.max(worst, await measure())
    await sleep(50)
  }
  return worst
}

async function ping(port: number): Promise<number> {
  const begun = performance.now()
  const { ok } = await fetch(`http://127.0.0.1:${port}/ping`)
  return ok ? performance.now() - begun : Number.POSITIVE_INFINITY
}

function show(t: TestContext, { goodput, refusals, served, recovery, slowestPing, causes }: Report): void {
  const of = (histogram: LatencyHistogram): string =>
    `p50 ${histogram.quantile(0.5).toFixed(1)}, p99 ${histogram.quantile(0.99).toFixed(1)} ms`
  t.diagnostic(
    `offered ${3 * CAPACITY}/s, capacity ${CAPACITY}/s, served in time ${goodput}/s: ${of(served)}`,
  )
  t.diagnostic(`${refusals.count} refused: ${of(refusals)}`)
  t.diagnostic(`recovered after ${recovery.toFixed(0)} ms; slowest ping ${slowestPing.toFixed(0)} ms`)
  t.diagnostic(causes)
}
