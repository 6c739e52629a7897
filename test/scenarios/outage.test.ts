import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startTidegate } from '../support/tidegate.ts'
import { FileFleet } from './file-fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const RATE = scaled(500, 200)
const REQUESTS = scaled(10_000, 600)
/** What the budget allows: a fifth of the requests more, and the ten with which it begins. */
const MOST = 1.2 * REQUESTS + 10

test('total outage of a service: retries do not multiply it', async (t) => {
  const { tally, attempts } = await outage()
  enter(
    t,
    'total outage: three instances that reset every request',
    tally,
    `${(attempts / REQUESTS).toFixed(2)} attempts a request`,
  )
  assert.equal(tally.ended, REQUESTS)
  assert.ok(attempts > REQUESTS, 'nothing was tried again: the budget was not met')
  assert.ok(attempts <= MOST, `${attempts} attempts for ${REQUESTS} requests`)
})

/** Instances that read a request and reset its connection: what was sent may have been carried out. */
async function outage(): Promise<{ tally: Tally; attempts: number }> {
  await using crashing = await CrashingInstances.start(3)
  await using fleet = await FileFleet.start({ size: 0, others: crashing.urls })
  await using tidegate = await startTidegate({ flags: [fleet.flag] })
  await using load = startLoad({
    port: tidegate.port,
    hosts: ['shop.test'],
    rate: RATE,
    requests: REQUESTS,
    posts: 0,
  })
  await load.done
  return { tally: load.tally, attempts: crashing.attempts }
}

class CrashingInstances implements AsyncDisposable {
  attempts = 0
  readonly #servers = [createServer(), createServer(), createServer()]

  static async start(size: number): Promise<CrashingInstances> {
    const instances = new CrashingInstances()
    await Promise.all(instances.#servers.slice(0, size).map((server) => instances.#listen(server)))
    return instances
  }

  get urls(): string[] {
    return this.#servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close()
  }

  async #listen(server: ReturnType<typeof createServer>): Promise<void> {
    server.on('connection', (socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        this.attempts++
        socket.resetAndDestroy()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
}
