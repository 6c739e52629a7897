import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessFormat } from '../../src/telemetry/access-format.ts'
import type { AccessEntry } from '../../src/telemetry/access-entry.ts'
import { beginEntry } from '../../src/telemetry/access-entry.ts'
import { commonTime } from '../../src/telemetry/access-time.ts'
import { Request } from '../../src/proxy/request.ts'

/** Entries that share some of their values with those around them, more different ones than are remembered. */
function* entries(): Generator<AccessEntry> {
  const pick = <T>(values: readonly T[], i: number): T => values[i % values.length]!
  for (let i = 0; i < 8_000; i++) {
    const request = Request.unread(`192.0.2.${i % 3}`, 1_000 + (i % 1_500), 80)
    request.method = pick(['GET', 'POST', `M${i}`], i)
    request.authority = pick(['a', 'b:80', `host${i % 2_000}`], i >> 1)
    request.scheme = pick(['http', 'https'], i >> 2)
    const origin = i % 5 === 0 ? undefined : { status: 200 + (i % 2), bytes: i % 7, duration: i % 4 }
    yield Object.assign(beginEntry(request, i * 37.5, i), {
      router: pick([undefined, 'r@file', 's@file'], i >> 3),
      endpoint: pick([undefined, 'http://10.0.0.1:80', `http://10.0.0.2:${i % 1_200}`], i),
      user: pick([undefined, 'ada', 'bob'], i >> 4),
      why: origin ? undefined : pick(['NR', 'UH'] as const, i),
      duration: i % 6,
      retries: pick([0, 0, 0, 1], i),
      status: 200 + (i % 3),
      responseBytes: i % 11,
      requestBytes: pick([0, 0, i], i),
      origin,
    })
  }
}

function common(entry: AccessEntry): string {
  const { clientHost, user = '-', start, method, status, responseBytes, count, router, endpoint } = entry
  const request = `"${method} - HTTP/1.1" ${status} ${responseBytes} "-" "-"`
  const tail = `${count} "${router ?? '-'}" "${endpoint ?? '-'}" ${entry.duration}ms`
  return `${clientHost} - ${user} [${commonTime.utc(start)}] ${request} ${tail}\n`
}

test('common: what is remembered of other lines changes none', () => {
  const format = accessFormat({ zone: 'utc' })
  for (const entry of entries()) assert.equal(format(entry), common(entry))
})

test('json: what is remembered of other lines changes none', () => {
  const format = accessFormat({ format: 'json' })
  let at = 0
  for (const entry of entries()) {
    const line = format(entry)
    // One that remembers nothing yet is dear to make.
    if (at++ % 53 === 0) assert.equal(line, accessFormat({ format: 'json' })(entry))
  }
})
