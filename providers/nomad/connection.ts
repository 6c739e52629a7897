import { ConfigurationError } from '../../src/config/problem.ts'
import type { Problem } from '../../src/config/problem.ts'
import { HttpSource } from '../parts/http-source.ts'
import { readTls } from '../parts/tls-files.ts'
import type { TlsOptions } from '../parts/tls-files.ts'

/** The part of the options that says how the agent is reached. */
export interface EndpointOptions {
  readonly address?: string | undefined
  readonly region?: string | undefined
  readonly token?: string | undefined
  readonly tls?: TlsOptions | undefined
}

/** Where the agent is and how it is spoken to, with Nomad's own variables filled in. */
export interface Connection {
  /** `host:port`, for messages. */
  readonly address: string
  readonly secure: boolean
  readonly region: string | undefined
  /** Never to be shown. */
  readonly token: string | undefined
  readonly http: HttpSource
}

const DEFAULT_ADDRESS = 'http://127.0.0.1:4646'
const DEFAULT_PORT = '4646'
/** Two long polls for each namespace, reads of services and of checks; an agent allows one client 100. */
const CONNECTIONS = 64
/** No catalog comes near; a thing that answers without end must not fill the memory. */
const LARGEST_ANSWER = 256 * 1024 * 1024

/**
 * What the options say, else the variables that Nomad's own tools read, else Nomad's defaults.
 * @throws ConfigurationError when the address is none, or a TLS file cannot be read
 */
export async function openConnection(
  options: EndpointOptions,
  source: string,
  signal: AbortSignal,
): Promise<Connection> {
  const variables = nomadVariables()
  const key = options.address === undefined && variables.address ? 'NOMAD_ADDR' : 'endpoint.address'
  const url = parseAddress(options.address ?? variables.address ?? DEFAULT_ADDRESS)
  if (!url) throw new ConfigurationError([wrongAddress(source, key)])
  const secure = url.protocol === 'https:'
  const token = options.token ?? variables.token
  const tls = secure ? await readTls(options.tls ?? variables.tls, 'endpoint.tls', source) : {}
  return {
    address: url.host,
    secure,
    region: options.region ?? variables.region,
    token,
    http: await HttpSource.open({
      origin: url.origin,
      tls,
      headers: token === undefined ? {} : { 'x-nomad-token': token },
      connections: CONNECTIONS,
      maxAnswer: LARGEST_ANSWER,
      signal,
    }),
  }
}

/** The namespaces that are to be read: those of the options, else that of Nomad's own variable. */
export function namespacesOf(named: readonly string[]): readonly string[] {
  const wanted = [...new Set(named.map((name) => name.trim()).filter((name) => name !== ''))]
  if (wanted.includes('*')) return ['*']
  return wanted.length > 0 ? wanted : [process.env['NOMAD_NAMESPACE'] || 'default']
}

interface Variables {
  readonly address: string | undefined
  readonly region: string | undefined
  readonly token: string | undefined
  readonly tls: TlsOptions | undefined
}

/** Nothing passes these in, and every Nomad tool reads them. An empty one counts as none. */
function nomadVariables(): Variables {
  const of = (name: string): string | undefined => process.env[name] || undefined
  const [ca, cert, key] = [of('NOMAD_CACERT'), of('NOMAD_CLIENT_CERT'), of('NOMAD_CLIENT_KEY')]
  const insecureSkipVerify = /^(1|t|true)$/i.test(of('NOMAD_SKIP_VERIFY') ?? '')
  const anyTls = ca !== undefined || cert !== undefined || key !== undefined || insecureSkipVerify
  return {
    address: of('NOMAD_ADDR'),
    region: of('NOMAD_REGION'),
    token: of('NOMAD_TOKEN'),
    tls: anyTls ? { ca, cert, key, insecureSkipVerify } : undefined,
  }
}

/** `host`, `host:port`, `[::1]:port`, or one of them after `http://` or `https://`. */
function parseAddress(text: string): URL | undefined {
  const [, scheme = 'http', authority] = /^(?:(https?):\/\/)?([^/?#@\s\\]+)\/?$/i.exec(text.trim()) ?? []
  if (authority === undefined) return undefined
  const url = URL.parse(`${scheme.toLowerCase()}://${authority}`)
  if (!url || url.port === '0') return undefined
  // The port that the scheme implies does not show in a URL, and Nomad has another.
  if (!/:\d+$/.test(authority.replace(/^\[.*\]/, ''))) url.port = DEFAULT_PORT
  return url
}

/** Does not repeat what was written: some write passwords into addresses. */
function wrongAddress(source: string, key: string): Problem {
  return {
    code: 'E102',
    severity: 'error',
    message: `${key} is not the address of a Nomad agent`,
    remedy: `write scheme, host and port, such as ${DEFAULT_ADDRESS}`,
    origin: { source, key },
  }
}
