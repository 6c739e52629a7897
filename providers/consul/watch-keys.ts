import type { Problem } from '../../src/config/problem.ts'
import { ConfigurationError } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import { rootsOf, watchKeyStore } from '../parts/key-store.ts'
import type { StoreSession } from '../parts/key-store.ts'
import type { TlsOptions } from '../parts/tls-files.ts'
import { ConsulClient } from './client.ts'
import { openConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { toProblem } from './failures.ts'
import { KeySession } from './key-session.ts'

export interface ConsulOptions {
  readonly rootKey?: string | undefined
  readonly endpoints: readonly string[]
  readonly token?: string | undefined
  readonly tls?: TlsOptions | undefined
}

/** Follows the keys of one Consul. */
export async function* watchKeys(options: ConsulOptions, tools: ProviderTools): AsyncGenerator<Update, void> {
  const [first = '127.0.0.1:8500', ...others] = options.endpoints
  // Keys of Consul never begin with a slash, though paths in URLs do.
  const roots = rootsOf(options.rootKey?.replace(/^\/+/, ''))
  const readable = new Set<string>()
  let connection: Connection | undefined
  yield* watchKeyStore(
    {
      endpoints: [first, ...others],
      roots,
      async follow(session: StoreSession): Promise<void> {
        const opened = await open(session.endpoint, options, tools.name)
        connection = opened
        try {
          await new KeySession(clientOf(opened, session.signal), tools, session, readable).run()
        } finally {
          opened.agent.destroy()
        }
      },
      toProblem: (error) => problemOf(error, connection, roots[0], tools.name),
    },
    tools,
  )
}

async function open(endpoint: string, { token, tls }: ConsulOptions, source: string): Promise<Connection> {
  const secure = tls !== undefined && !/^https?:/i.test(endpoint)
  return await openConnection(
    { address: endpoint, token, tls, ...(secure ? { scheme: 'https' as const } : {}) },
    source,
  )
}

function clientOf(connection: Connection, signal: AbortSignal): ConsulClient {
  return new ConsulClient({
    connection,
    datacenter: undefined,
    requireConsistent: false,
    stale: false,
    cache: false,
    signal,
  })
}

function problemOf(
  error: unknown,
  connection: Connection | undefined,
  root: string,
  source: string,
): Problem {
  const [wrong] = error instanceof ConfigurationError ? error.problems : []
  if (wrong || !connection) return wrong ?? unknown(error, source)
  const names = {
    address: 'endpoints',
    token: 'token',
    tls: 'tls',
    httpAuth: 'token',
    rules: `key_prefix "${root}/" { policy = "read" }`,
  }
  return toProblem(error, { what: `the keys below ${root}`, source, connection, names })
}

function unknown(error: unknown, source: string): Problem {
  const message = `Consul cannot be read: ${error instanceof Error ? error.message : String(error)}`
  return { code: 'E401', severity: 'error', message, origin: { source, key: 'endpoints' } }
}
