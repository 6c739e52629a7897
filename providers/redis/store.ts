import type { Problem } from '../../src/config/problem.ts'
import { ConfigurationError } from '../../src/config/problem.ts'
import type { ProviderTools } from '../../src/discovery/provider.ts'
import { parsePlace } from '../parts/endpoint-place.ts'
import type { KeyStore, StoreSession } from '../parts/key-store.ts'
import { rootsOf } from '../parts/key-store.ts'
import { readTlsFiles } from '../parts/tls-files.ts'
import { RedisConnection } from './connection.ts'
import { toProblem } from './failures.ts'
import type { Access } from './find-server.ts'
import { findServer, readsReplicas } from './find-server.ts'
import type { RedisOptions } from './options.ts'
import { ServerFollower } from './server-follower.ts'

const SERVER_PORT = 6379
const SENTINEL_PORT = 26_379

/**
 * Redis or Valkey as a store of keys.
 * @throws ConfigurationError
 */
export async function redisStore(options: RedisOptions, tools: ProviderTools): Promise<KeyStore> {
  const { sentinel } = options
  const port = sentinel ? SENTINEL_PORT : SERVER_PORT
  const [first = `127.0.0.1:${port}`, ...others] = options.endpoints.filter((each) => each.trim() !== '')
  for (const endpoint of [first, ...others]) parsePlace(endpoint, port, tools.name)
  checkStrategies(sentinel, tools.name)
  const access = await accessOf(options, tools.name)
  const lifeOf = lives()
  const open = async (session: StoreSession): Promise<RedisConnection> => {
    const place = parsePlace(session.endpoint, port, tools.name)
    const { signal } = session
    if (!sentinel) return await RedisConnection.open({ ...access.server, ...place, signal })
    return await findServer(place, sentinel, access, { signal, random: tools.random })
  }
  return {
    endpoints: [first, ...others],
    roots: rootsOf(options.rootKey),
    follow: async (session) => {
      const connection = await open(session)
      const { db: database, pollInterval } = options
      const masterOnly = sentinel !== undefined && !readsReplicas(sentinel)
      try {
        await new ServerFollower({
          session,
          connection,
          database,
          pollInterval,
          masterOnly,
          lifeOf,
          tools: { monotonic: tools.monotonic, sleep: tools.sleep },
        }).run()
      } finally {
        connection.close()
      }
    },
    toProblem: (error, endpoint) => toProblem(error, endpoint, { source: tools.name, options }),
  }
}

function checkStrategies(sentinel: RedisOptions['sentinel'], source: string): void {
  const names = ['latencyStrategy', 'randomStrategy', 'replicaStrategy'] as const
  const set = names.filter((name) => sentinel?.[name])
  if (set.length < 2) return
  const problem: Problem = {
    code: 'E102',
    severity: 'error',
    message: `sentinel has ${set.join(' and ')}, of which only one can be followed`,
    remedy: 'keep one of them',
    origin: { source, key: `sentinel.${set[1]}` },
  }
  throw new ConfigurationError([problem])
}

async function accessOf(options: RedisOptions, source: string): Promise<Access> {
  const { username, password, db, sentinel } = options
  const tls = options.tls === undefined ? undefined : await readTlsFiles(options.tls, source)
  return {
    server: { username, password, database: db, tls },
    sentinel: { username: sentinel?.username, password: sentinel?.password, database: 0, tls },
  }
}

/** Names data by the first history that was seen of them, as long as the histories hang together. */
function lives(): (histories: readonly string[] | undefined) => string | undefined {
  let life: string | undefined
  let known: readonly string[] = []
  return (histories) => {
    if (histories === undefined) return life
    if (life === undefined || !histories.some((each) => known.includes(each))) life = histories[0]
    known = histories
    return life
  }
}
