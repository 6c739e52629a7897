import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerSettings } from '../../src/server/worker-settings.ts'
import type { WorkerSettings } from '../../src/server/entry-point-settings.ts'
import { load } from '../config/load-given.ts'

async function settings(...flags: string[]): Promise<WorkerSettings> {
  const { config, problems } = await load({ flags: ['--workers=4', ...flags] })
  assert.deepEqual(problems, [])
  return workerSettings(config!, 'edge')
}

test('connections are limited for the process; requests under way are divided among the workers, rounded up', async () => {
  const transport = '--entryPoints.http.transport'
  const { entryPoints, overload, workers } = await settings(
    '--entryPoints.http.address=:80',
    `${transport}.maxConnections=10`,
    `${transport}.maxConnectionsPerClient=1`,
    '--overload.maxInFlight=50',
  )
  const { maxConnections, maxConnectionsPerClient } = entryPoints[0]!.caps!
  assert.deepEqual([maxConnections, maxConnectionsPerClient], [10, 1])
  assert.equal(overload?.maxInFlight, 13)
  assert.equal(workers, 4)
})

test('defaults of overload hold for each worker', async () => {
  assert.deepEqual((await settings()).overload, { maxInFlight: 10_000, maxEventLoopDelay: 500 })
})

const HEADERS: readonly (readonly [headers: string, read: string, expected: number])[] = [
  ['10s', '60s', 10_000],
  ['10s', '5s', 5_000],
  ['10s', '0', 10_000],
  ['0', '5s', 5_000],
  ['0', '0', 0],
]
for (const [headers, read, expected] of HEADERS) {
  test(`headersTimeout ${headers} within readTimeout ${read}: ${expected} ms`, async () => {
    const section = '--entryPoints.http.transport.respondingTimeouts'
    const { entryPoints } = await settings(
      '--entryPoints.http.address=:80',
      `${section}.headersTimeout=${headers}`,
      `${section}.readTimeout=${read}`,
    )
    assert.equal(entryPoints[0]!.limits.headersTimeout, expected)
  })
}

test('rates are bytes in a window; 0 is no limit of a body', async () => {
  const { limits } = (await settings()).entryPoints[0]!
  assert.deepEqual(limits.requestRate, { bytes: 4_800, window: 20_000 })
  assert.deepEqual(limits.responseRate, { bytes: 14_400, window: 60_000 })
  assert.equal(limits.maxBodyBytes, Number.POSITIVE_INFINITY)
})
