import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RedisConnection } from '../../providers/redis/connection.ts'
import { startRedis } from '../peers/redis.ts'
import { ZooKeeperWriter } from '../peers/zookeeper-writer.ts'
import { startZooKeeper } from '../peers/zookeeper.ts'
import { FileApp } from '../support/file-app.ts'
import { startOrigin } from '../support/origins.ts'
import { until } from '../support/until.ts'

/** A real server, and how operators write to it. */
interface Store extends AsyncDisposable {
  readonly address: string
  suspend(): void
  resume(): void
  kill(): Promise<void>
  restartEmpty(): Promise<void>
}

interface StoreKind<S extends Store> {
  readonly start: () => Promise<S>
  readonly flags: (address: string) => readonly string[]
  readonly put: (server: S, pairs: Readonly<Record<string, string>>) => Promise<void>
  /** So that it is known to be gone. */
  readonly empty: (server: S) => Promise<void>
}

/** Milliseconds within which what was down is obeyed again. */
const HEALED_WITHIN = 5_000

async function askRedis(port: number, ...command: string[]): Promise<void> {
  const over = new AbortController()
  const place = { host: '127.0.0.1', port, username: undefined, password: undefined, database: 0 }
  const connection = await RedisConnection.open({ ...place, tls: undefined, signal: over.signal })
  await connection.ask(...command)
  over.abort()
}

const redis: StoreKind<Awaited<ReturnType<typeof startRedis>>> = {
  start: startRedis,
  // Nobody is told of FLUSHALL.
  flags: (address) => [`--providers.redis.endpoints=${address}`, '--providers.redis.pollInterval=200ms'],
  put: ({ port }, pairs) => askRedis(port, 'MSET', ...Object.entries(pairs).flat()),
  empty: ({ port }) => askRedis(port, 'FLUSHALL'),
}

const zooKeeper: StoreKind<Awaited<ReturnType<typeof startZooKeeper>>> = {
  start: startZooKeeper,
  flags: (address) => [`--providers.zooKeeper.endpoints=${address}`],
  put: async ({ port }, pairs) => {
    using writer = await ZooKeeperWriter.open(port)
    for (const [key, value] of Object.entries(pairs)) await writer.put(`/${key}`, value)
  },
  empty: async ({ port }) => {
    using writer = await ZooKeeperWriter.open(port)
    await writer.deleteTree('/tidegate')
  },
}

test('Redis hangs, is down, has lost its data, is emptied: what becomes of a route', () => followRoute(redis))
test('ZooKeeper: the same', () => followRoute(zooKeeper))

async function followRoute<S extends Store>({ start, flags, put, empty }: StoreKind<S>): Promise<void> {
  await using origin = await startOrigin()
  await using other = await startOrigin()
  await using server = await start()
  const route = (url: string): Promise<void> =>
    put(server, {
      'tidegate/http/routers/all/rule': 'PathPrefix(`/`)',
      'tidegate/http/services/all/loadBalancer/servers/0/url': url,
    })
  await route(origin.url)
  await using it = await FileApp.start({ routes: {}, flags: flags(server.address) })
  const status = async (): Promise<string> => (await it.get())[0]!.slice(0, 3)
  const listed = (words: RegExp): Promise<boolean> =>
    until(`${words} among the problems`, () => it.app.problems.some(({ message }) => words.test(message)))
  const healed = (): Promise<boolean> =>
    until('no problem', () => it.app.problems.length === 0, HEALED_WITHIN)
  assert.equal(await status(), '200')

  server.suspend()
  await listed(/did not answer in time/)
  assert.equal(await status(), '200', 'hung: the route stays')
  server.resume()
  await healed()

  await server.kill()
  await listed(/cannot be reached/)
  assert.equal(await status(), '200', 'down: the route stays')

  await server.restartEmpty()
  await listed(/may have lost its data/)
  assert.equal(await status(), '200', 'empty after a start: the route stays')
  await route(other.url)
  const isObeyed = async (): Promise<boolean> => {
    assert.equal(await status(), '200')
    return other.answered > 0
  }
  await until('what was written since', isObeyed, HEALED_WITHIN)
  await healed()

  const doubted = async (): Promise<boolean> => (await it.logged()).includes('until a second reading agrees')
  assert.equal(await doubted(), false)
  await empty(server)
  await until('the end of the route', async () => (await status()) === '404')
  await until('that one reading was not enough', doubted)
  await route(origin.url)
  await until('the route', async () => (await status()) === '200', HEALED_WITHIN)
}
