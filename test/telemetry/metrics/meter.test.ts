import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CellPool, cellSize } from '../../../src/telemetry/metrics/cell-pool.ts'
import { Meter } from '../../../src/telemetry/metrics/meter.ts'
import type { Measured } from '../../../src/telemetry/metrics/meter.ts'
import { labelsOf, seriesKey, tlsKey } from '../../../src/telemetry/metrics/series-key.ts'

function measured(more: Partial<Measured> = {}): Measured {
  return {
    key: seriesKey(200, 'GET', 0, 0),
    tls: -1,
    bucket: 1,
    seconds: 0.2,
    requestBytes: 3,
    responseBytes: 5,
    ...more,
  }
}

/** A meter with buckets up to 0.1 and 1, and what it tells. */
function meterIn(pool: CellPool) {
  const series = new Map<number, { numbers: Float64Array; at: number }>()
  const meter = new Meter({ kind: 'service', name: 'a@file' }, pool, {
    added: (_, key, cell) => void series.set(key, cell),
    removed: (_, key) => void series.delete(key),
  })
  const values = (key: number): number[] | undefined => {
    const cell = series.get(key)
    return cell && [...cell.numbers.subarray(cell.at, cell.at + pool.size)]
  }
  return { meter, series, values }
}

test('a request is counted in its bucket, with its time and bytes', () => {
  const { meter, values } = meterIn(new CellPool(2, 10, () => 0))
  meter.count(measured())
  meter.count(measured({ bucket: 2, seconds: 3 }))
  assert.deepEqual(values(seriesKey(200, 'GET', 0, 0)), [0, 1, 1, 3.2, 6, 10])
})

test('each status, method and protocol is a series of its own, and so is TLS', () => {
  const { meter, series, values } = meterIn(new CellPool(2, 10, () => 0))
  for (const [status, method] of [
    [200, 'GET'],
    [404, 'GET'],
    [200, 'PUT'],
    [200, 'GET'],
  ] as const)
    meter.count(measured({ key: seriesKey(status, method, 0, 0), tls: tlsKey(1) }))
  assert.deepEqual(
    [...series.keys()].map((key) =>
      key === tlsKey(1) ? 'tls' : `${labelsOf(key).code} ${labelsOf(key).method}`,
    ),
    ['200 GET', 'tls', '404 GET', '200 PUT'],
  )
  assert.equal(values(tlsKey(1))![0], 4)
})

test('what a closed meter is told is counted nowhere, and its memory is used again after a rest', () => {
  let now = 0
  const pool = new CellPool(2, 1, () => now)
  const first = meterIn(pool)
  first.meter.count(measured())
  first.meter.close()
  first.meter.count(measured())
  assert.equal(first.series.size, 0)
  const early = meterIn(pool)
  early.meter.count(measured())
  assert.equal(early.series.size, 0, 'there is memory for one series, and it rests')
  now = 60_000
  const late = meterIn(pool)
  late.meter.count(measured())
  assert.deepEqual(late.values(seriesKey(200, 'GET', 0, 0)), [0, 1, 0, 0.2, 3, 5])
})

test('with Traefik’s buckets a series is one cache line', () => {
  assert.equal(cellSize(4) * Float64Array.BYTES_PER_ELEMENT, 64)
})
