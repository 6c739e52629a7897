import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Problem } from '../../src/config/problem.ts'
import { ConfigurationError } from '../../src/config/problem.ts'
import { readTls } from '../parts/tls-files.ts'
import type { TlsOptions } from '../parts/tls-files.ts'

/** The part of the options that says how the agent is reached. */
export interface EndpointOptions {
  readonly address?: string | undefined
  readonly scheme?: 'http' | 'https' | undefined
  readonly token?: string | undefined
  readonly httpAuth?: { readonly username: string; readonly password: string } | undefined
  readonly tls?: TlsOptions | undefined
}

/** Where the agent is and how it is spoken to, with Consul's own variables filled in. */
export interface Connection {
  /** `host:port`, for messages. */
  readonly address: string
  readonly secure: boolean
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Keeps connections open between requests; to be destroyed in the end. */
  readonly agent: HttpAgent
}

const DEFAULT_ADDRESS = '127.0.0.1:8500'
const DEFAULT_PORT = 8500

/**
 * What the options say, else the variables that Consul's own tools read (`CONSUL_HTTP_ADDR`, `CONSUL_HTTP_TOKEN`,
 * `CONSUL_HTTP_SSL`), else Consul's defaults.
 * @throws ConfigurationError when the address is none, or a TLS file cannot be read
 */
export async function openConnection(options: EndpointOptions, source: string): Promise<Connection> {
  const variables = consulVariables()
  const written = options.address ?? variables.address ?? DEFAULT_ADDRESS
  const key =
    options.address === undefined && variables.address !== undefined ? 'CONSUL_HTTP_ADDR' : 'endpoint.address'
  const place = parseAddress(written)
  if (!place) throw new ConfigurationError([wrongAddress(source, key)])
  const scheme = options.scheme ?? place.scheme ?? (variables.ssl ? 'https' : 'http')
  const secure = scheme === 'https'
  return {
    address: place.host.includes(':') ? `[${place.host}]:${place.port}` : `${place.host}:${place.port}`,
    secure,
    host: place.host,
    port: place.port,
    token: options.token ?? variables.token,
    headers: authorization(options.httpAuth),
    agent: secure
      ? new HttpsAgent({ keepAlive: true, ...(await readTls(options.tls, 'endpoint.tls', source)) })
      : new HttpAgent({ keepAlive: true }),
  }
}

/** Nothing passes these in, and every Consul tool reads them: the one place where a provider reads the environment. */
function consulVariables(): { address?: string; token?: string; ssl: boolean } {
  const { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN: token, CONSUL_HTTP_SSL: ssl } = process.env
  return {
    ...(address ? { address } : {}),
    ...(token ? { token } : {}),
    ssl: /^(1|t|true)$/i.test(ssl ?? ''),
  }
}

interface Place {
  readonly scheme: 'http' | 'https' | undefined
  readonly host: string
  readonly port: number
}

/** `host`, `host:port`, `[::1]:port`, or one of them after `http://` or `https://`. */
function parseAddress(text: string): Place | undefined {
  const [, scheme, rest] = /^(?:(https?):\/\/)?([^/?#@\s\\]+)\/?$/i.exec(text.trim()) ?? []
  if (rest === undefined || !URL.canParse(`http://${rest}`)) return undefined
  const { hostname } = new URL(`http://${rest}`)
  const port = /:(\d+)$/.exec(rest.replace(/^\[.*\]/, ''))?.[1]
  if (hostname === '' || port === '0') return undefined
  return {
    scheme: scheme?.toLowerCase() as Place['scheme'],
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? DEFAULT_PORT : Number(port),
  }
}

/** Does not repeat what was written: some write passwords into addresses. */
function wrongAddress(source: string, key: string): Problem {
  return {
    code: 'E102',
    severity: 'error',
    message: `${key} is not the address of a Consul agent`,
    remedy: `write host:port, such as ${DEFAULT_ADDRESS}; a user and password belong in endpoint.httpAuth`,
    origin: { source, key },
  }
}

function authorization(auth: EndpointOptions['httpAuth']): Record<string, string> {
  if (!auth) return {}
  return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` }
}
