import { ConfigurationError } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import { rootsOf, watchKeyStore } from '../parts/key-store.ts'
import type { StoreSession } from '../parts/key-store.ts'
import { readTlsFiles } from '../parts/tls-files.ts'
import type { TlsOptions, TlsSettings } from '../parts/tls-files.ts'
import { EtcdClient } from './client.ts'
import { EtcdSession } from './session.ts'
import { toProblem } from './failures.ts'

export interface EtcdOptions {
  readonly rootKey?: string | undefined
  readonly endpoints: readonly string[]
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly tls?: TlsOptions | undefined
}

/**
 * Follows one etcd.
 * @throws ConfigurationError when an endpoint is no address, or a TLS file cannot be read
 */
export async function* watchEtcd(options: EtcdOptions, tools: ProviderTools): AsyncGenerator<Update, void> {
  const { username, password, tls } = options
  const settings = tls && (await readTlsFiles(tls, tools.name))
  const endpoints = options.endpoints.map((text) => addressOf(text, settings, tools.name))
  const [first, ...others] = endpoints
  if (first === undefined) throw new ConfigurationError([wrongEndpoint(tools.name)])
  const credentials = username ? { username, password: password ?? '' } : undefined
  const readable = new Set<string>()
  const store = {
    endpoints: [first, ...others] as const,
    roots: rootsOf(options.rootKey),
    async follow(session: StoreSession): Promise<void> {
      // With a token of its own: to one of an earlier life of its data, etcd may give no answer at all.
      const client = new EtcdClient(new URL(session.endpoint), settings, credentials, session.signal)
      try {
        await new EtcdSession(client, tools, session, readable).run()
      } finally {
        client.close()
      }
    },
    toProblem: (error: unknown, endpoint: string) =>
      toProblem(error, { source: tools.name, endpoint: new URL(endpoint).host, username }),
  }
  yield* watchKeyStore(store, tools)
}

const DEFAULT_PORT = '2379'

/** `host`, `host:port`, or one of them after `http://` or `https://`; as an origin with its port. */
function addressOf(text: string, tls: TlsSettings | undefined, source: string): string {
  const written = text.trim()
  const whole = /^https?:\/\//i.test(written) ? written : `${tls ? 'https' : 'http'}://${written}`
  const url = URL.canParse(whole) ? new URL(whole) : undefined
  if (!url || url.hostname === '' || url.username !== '' || url.pathname !== '/')
    throw new ConfigurationError([wrongEndpoint(source)])
  const named = /:\d+\/?$/.test(whole)
  if (!named) url.port = DEFAULT_PORT
  return url.origin
}

/** Does not repeat what was written: some write passwords into addresses. */
function wrongEndpoint(source: string) {
  return {
    code: 'E102' as const,
    severity: 'error' as const,
    message: 'endpoints names something that is not the address of an etcd member',
    remedy: 'write host:port, such as 127.0.0.1:2379; a user and password belong in username and password',
    origin: { source, key: 'endpoints' },
  }
}
