import type { Body } from './body.ts'
import { HeaderList } from './header-list.ts'
import type { AccessEntry } from '../telemetry/access-entry.ts'
import type { Meter } from '../telemetry/metrics/meter.ts'
import type { TlsTerms } from './tls/terms.ts'
import type { Endpoint } from './upstream/endpoint.ts'
import type { WhyCode } from './why.ts'

const NO_ENDPOINTS: readonly Endpoint[] = []

/** A request on its way to a service; it knows no socket. */
export class Request {
  /** As sent; case-sensitive (RFC 9110 §9.1). */
  method = ''
  /** Path in normal form, still percent-encoded: what matchers see and what is forwarded. Begins with `/`, or is `*`. */
  path = '/'
  /** Query with its question mark, or empty. */
  query = ''
  version: '1.0' | '1.1' | '2.0' = '1.1'
  headers!: HeaderList
  /** Host for routing: lower case, without port and trailing dot. */
  host = ''
  /** Host and port as the client named them, in the target or in the Host header. */
  authority = ''
  /** Of the connection, or as a trusted proxy in front says. */
  scheme: 'http' | 'https' = 'http'
  /** Null when there is none. */
  body: Body | null = null
  /** The client takes trailers (`TE: trailers`). */
  trailers = false
  /** The protocol that the client asks to upgrade to, such as `websocket`. */
  upgrade: string | undefined = undefined
  /** Of the client's connection; undefined when it is a plain one. */
  tls: TlsTerms | undefined = undefined
  /** The peer's address, as the socket says: IPv4-mapped addresses as plain IPv4. */
  clientAddress = ''
  clientPort = 0
  /** Port that the client connected to. */
  localPort = 0
  entryPoint = ''
  /** Passes an interim answer (1xx) on to the client; undefined when it cannot take any. */
  onInformation: ((status: number, headers: HeaderList) => void) | undefined = undefined
  /** Set by what waits for an endpoint: called when the client is gone. */
  onAbort: (() => void) | undefined = undefined
  aborted = false
  /** Something in front of the service decides on further attempts: the engine makes one and no more. */
  singleAttempt = false
  /** With `singleAttempt`: the endpoints of the attempts before, which are tried again only when there is no other. */
  tried: readonly Endpoint[] = NO_ENDPOINTS
  /** Milliseconds that each attempt may wait for the head of its answer; 0: as long as endpoints may in general. */
  perTryTimeout = 0
  /** It counts among the requests that its worker has under way. */
  counted = false

  // What the access log and the counters say about this request.
  /** `name@provider` of the router that matched. */
  router: string | undefined = undefined
  service: string | undefined = undefined
  /** URL of the endpoint that answered last. */
  endpoint: string | undefined = undefined
  /** User name that an authentication middleware found. */
  user: string | undefined = undefined
  /** Attempts after the first. */
  retries = 0
  why: WhyCode | undefined = undefined
  /** Where it is counted; undefined: nowhere. */
  routerMeter: Meter | undefined = undefined
  /** Of the load-balanced service that it went to last. */
  serviceMeter: Meter | undefined = undefined
  /** What the access log noted when the request came; undefined when nothing is logged. */
  accessEntry: AccessEntry | undefined = undefined

  /** Stands for a request whose head could not be read, in the access log. */
  static unread(clientAddress: string, clientPort: number, localPort: number): Request {
    const request = new Request()
    request.method = request.path = '-'
    request.headers = new HeaderList()
    return Object.assign(request, { clientAddress, clientPort, localPort })
  }

  #over = false
  #onOver: (() => void) | undefined = undefined

  /** Has `listener` called when the exchange is over: the whole answer has left, or never will; a tunnel has ended. */
  whenOver(listener: () => void): void {
    const before = this.#onOver
    if (this.#over) listener()
    else if (before === undefined) this.#onOver = listener
    else {
      this.#onOver = () => {
        listener()
        before()
      }
    }
  }

  /** The exchange is over. */
  over(): void {
    const listener = this.#onOver
    this.#over = true
    this.#onOver = undefined
    listener?.()
  }

  #matchPath: string | undefined = undefined
  #matchPathOf = ''

  /**
   * The path that rules compare: percent-decoded but for the reserved characters, which stay encoded, so that
   * `%2F` never looks like a separator. Lazily decoded: few paths hold a percent sign.
   */
  get matchPath(): string {
    if (this.#matchPathOf !== this.path || this.#matchPath === undefined) {
      this.#matchPathOf = this.path
      this.#matchPath = this.path.includes('%') ? decodeUnreserved(this.path) : this.path
    }
    return this.#matchPath
  }
}

const RESERVED: ReadonlySet<number> = new Set(Buffer.from("!#$%&'()*+,/:;=?@[]"))

function decodeUnreserved(path: string): string {
  return path.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes: number[] = []
    let text = ''
    const flush = (): void => {
      if (bytes.length > 0) text += Buffer.from(bytes).toString('utf8')
      bytes.length = 0
    }
    for (let i = 0; i < run.length; i += 3) {
      const byte = Number.parseInt(run.slice(i + 1, i + 3), 16)
      if (RESERVED.has(byte)) {
        flush()
        text += run.slice(i, i + 3).toUpperCase()
      } else bytes.push(byte)
    }
    flush()
    return text
  })
}
