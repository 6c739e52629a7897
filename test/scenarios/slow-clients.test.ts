import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../support/load.ts'
import { SlowClients } from '../support/slow-clients.ts'
import type { Slowness } from '../support/slow-clients.ts'
import { spawnOrigin } from '../support/spawn-origin.ts'
import { startTidegate } from '../support/tidegate.ts'
import type { Tidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { FULL, scaled } from './scale.ts'
import { ServedService } from './served-service.ts'

const READERS = { head: 0, body: 0, read: scaled(200, 30) }
const SENDERS = { head: scaled(900, 120), body: scaled(900, 120), read: 0 }
const TOTAL = READERS.read + SENDERS.head + SENDERS.body
/** Of slow clients that connect in a second. */
const OPENING = 200
const RATE = scaled(300, 150)
const SECONDS = scaled(9, 2)
const HEADERS_TIMEOUT = scaled(10, 3)
/** Milliseconds: below that, it is the machine that is measured. */
const NOISE = 5
const TIMEOUTS = '--entryPoints.web.transport.respondingTimeouts'

test('thousands of slow clients cost the others less than their latency again, and are cut off', async (t) => {
  await using origin = await spawnOrigin()
  // An origin that makes eight megabytes for each slow reader does nothing else meanwhile: that is not asked here.
  await using theirs = await spawnOrigin()
  await using service = await ServedService.at(origin.url, {}, { slow: theirs.url })
  const flags = [service.flag, '--workers=1', `${TIMEOUTS}.headersTimeout=${HEADERS_TIMEOUT}s`]
  await using tidegate = await startTidegate({ flags })
  await measure(tidegate.port, 2)
  const alone = await measure(tidegate.port, SECONDS)
  // Each reader is sent megabytes until it is found to be slow, as one that reads would be: measured alone, 67 of them
  // a second move half a gigabyte through the machine, and the proxy's own loop is never more than 13 ms late.
  await using readers = new SlowClients({ port: tidegate.port, counts: READERS, perSecond: OPENING })
  await readers.opened
  await using slow = new SlowClients({ port: tidegate.port, counts: SENDERS, perSecond: OPENING })
  const opening = await measure(tidegate.port, Math.floor((SENDERS.head + SENDERS.body) / OPENING))
  await slow.opened
  const began = performance.now()
  const among = await measure(tidegate.port, SECONDS)
  t.diagnostic(`p99 of the others: ${alone.p99} ms alone`)
  t.diagnostic(`  ${opening.p99} ms while slow senders come, ${among.p99} ms among ${TOTAL} slow clients`)
  t.diagnostic(`memory: ${memoryOf(tidegate)}`)
  assert.equal(alone.failed + opening.failed + among.failed, 0, 'each is answered')
  if (FULL) {
    const allowed = 2 * Math.max(alone.p99, NOISE)
    assert.ok(opening.p99 < allowed && among.p99 < allowed, `less than ${allowed} ms`)
  }
  await until('slow heads to be cut off', () => slow.ended.head === SENDERS.head, 20_000)
  t.diagnostic(`slow heads are gone ${Math.round(performance.now() - began)} ms after the last came`)
  if (!FULL) return
  await until('slow bodies to be cut off', () => slow.ended.body === SENDERS.body, 40_000)
  t.diagnostic(`slow bodies are gone ${Math.round(performance.now() - began)} ms after the last came`)
})

/** Seconds that a slow client is given, where it is given a limit at all. */
const GIVEN = 1
/** Milliseconds within which the others have to be served again where slow clients are cut off. */
const FREE_AGAIN = 1_000 * GIVEN + 4_000
/** Places that slow clients can take, of which there are too many of them. */
const PLACES = 20

interface Hold {
  readonly kind: Slowness
  readonly held: string
  /** The time-out that ends it. */
  readonly limit: string
  readonly flags: readonly string[]
}

const HOLDS: readonly Hold[] = [
  {
    kind: 'head',
    held: 'the connections of an entry point',
    limit: 'headersTimeout',
    flags: [`--entryPoints.web.transport.maxConnections=${PLACES}`],
  },
  { kind: 'body', held: 'the connections to an endpoint', limit: 'readTimeout', flags: [] },
  { kind: 'read', held: 'the connections to an endpoint', limit: 'writeTimeout', flags: [] },
]
for (const hold of HOLDS) {
  test(`slow clients (${hold.kind}) hold ${hold.held} no longer than they may; contrast: without limits, for ever`, async (t) => {
    const limited = await servedAgain(hold, GIVEN)
    const unlimited = await servedAgain(hold, 0)
    t.diagnostic(`served again after ${Math.round(limited)} ms; without limits after ${unlimited} ms`)
    assert.ok(limited < FREE_AGAIN)
    assert.equal(unlimited, Number.POSITIVE_INFINITY, 'the limits are what frees the places')
  })
}

/** Milliseconds until the others are served again when slow clients are given so many seconds; 0: any time. */
async function servedAgain({ kind, limit, flags }: Hold, seconds: number): Promise<number> {
  await using origin = await spawnOrigin()
  const queue = { maxConnections: PLACES, maxQueue: 1, queueTimeout: '50ms' }
  await using service = await ServedService.at(origin.url, queue)
  const timeouts = ['headersTimeout', 'readTimeout', 'writeTimeout'].map(
    (name) => `${TIMEOUTS}.${name}=${name === limit ? seconds : 0}s`,
  )
  const rates = ['minRequestRate', 'minResponseRate'].map((name) => `--entryPoints.web.transport.${name}=0`)
  await using tidegate = await startTidegate({
    flags: [service.flag, '--workers=1', ...timeouts, ...rates, ...flags],
  })
  // Some more than there are places, since the last look at whether the proxy is ready may still hold one.
  const counts = { head: 0, body: 0, read: 0, [kind]: PLACES + 5 }
  await using slow = new SlowClients({ port: tidegate.port, counts, perSecond: 1_000 })
  await slow.opened
  return await untilServed(tidegate.port)
}

/** Requests refused in a row by which it is known that all places are held. */
const REFUSED = 3

/** Milliseconds from when requests are refused to the next that is served; Infinity when none is in time. */
async function untilServed(port: number): Promise<number> {
  let refused = 0
  await until('refusals', async () => {
    refused = (await isServed(port)) ? 0 : refused + 1
    return refused === REFUSED
  })
  const began = performance.now()
  while (performance.now() - began < FREE_AGAIN) {
    if (await isServed(port)) return performance.now() - began
    await sleep(50)
  }
  return Number.POSITIVE_INFINITY
}

/** A request on a connection of its own. */
async function isServed(port: number): Promise<boolean> {
  await using load = startLoad({ port, hosts: ['a.example'], rate: 1_000, requests: 1, posts: 0, fresh: 1 })
  await load.done
  return load.tally.failed === 0
}

/** The median of the p99 of each second, since a stall of the machine belongs to neither side. */
async function measure(port: number, seconds: number): Promise<{ p99: number; failed: number }> {
  const p99s: number[] = []
  let failed = 0
  for (let i = 0; i < seconds; i++) {
    await using load = startLoad({ port, hosts: ['a.example'], rate: RATE, posts: 0.2, fresh: 0.2 })
    await sleep(1_000)
    const tally = await load.stop()
    p99s.push(tally.latencies.quantile(0.99))
    failed += tally.failed
  }
  const median = p99s.toSorted((a, b) => a - b)[Math.floor(seconds / 2)]!
  return { p99: Math.round(median * 10) / 10, failed }
}

function memoryOf({ pid }: Tidegate): string {
  return /^VmRSS:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 'unknown'
}
