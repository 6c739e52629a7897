import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../support/load.ts'
import { SlowClients } from '../support/slow-clients.ts'
import { spawnOrigin } from '../support/spawn-origin.ts'
import { startTidegate } from '../support/tidegate.ts'
import type { Tidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { scaled } from './scale.ts'
import { ServedService } from './served-service.ts'

const COUNTS = { head: scaled(900, 120), body: scaled(900, 120), read: scaled(200, 30) }
const RATE = scaled(300, 150)
const SECONDS = scaled(7, 3)
const HEADERS_TIMEOUT = scaled(10, 5)
/** Milliseconds: below that, it is the machine that is measured. */
const NOISE = scaled(5, 50)

test('thousands of slow clients cost the others less than their latency again, and are cut off', async (t) => {
  await using origin = await spawnOrigin()
  await using service = await ServedService.at(origin.url)
  const flags = [
    service.flag,
    '--workers=1',
    `--entryPoints.web.transport.respondingTimeouts.headersTimeout=${HEADERS_TIMEOUT}s`,
  ]
  await using tidegate = await startTidegate({ flags })
  await measure(tidegate.port, 1)
  const alone = await measure(tidegate.port, SECONDS)
  await using slow = await SlowClients.start(tidegate.port, COUNTS)
  const began = performance.now()
  // What they cost is asked, not what so many connections at one moment do.
  await measure(tidegate.port, 1)
  const among = await measure(tidegate.port, SECONDS)
  const [before, after] = [alone.p99, among.p99]
  t.diagnostic(
    `p99 of the others: ${before.toFixed(1)} ms alone, ${after.toFixed(1)} ms among ${total()} slow clients`,
  )
  t.diagnostic(`memory: ${memoryOf(tidegate)}`)
  assert.equal(alone.failed + among.failed, 0)
  assert.ok(after < 2 * Math.max(before, NOISE), `${before} ms, then ${after} ms`)
  await until('slow heads to be cut off', () => slow.ended.head === COUNTS.head, 20_000)
  t.diagnostic(`slow heads are gone ${Math.round(performance.now() - began)} ms after the last came`)
  if (scaled(1, 0) === 1) {
    await until('slow bodies to be cut off', () => slow.ended.body === COUNTS.body, 40_000)
    t.diagnostic(`slow bodies are gone ${Math.round(performance.now() - began)} ms after the last came`)
  }
})

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
  return { p99: p99s.toSorted((a, b) => a - b)[Math.floor(seconds / 2)]!, failed }
}

function total(): number {
  return COUNTS.head + COUNTS.body + COUNTS.read
}

function memoryOf({ pid }: Tidegate): string {
  return /^VmRSS:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 'unknown'
}
