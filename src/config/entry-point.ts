import type { Fields, OptionsOf } from './fields.ts'
import type { ListenAddress } from './listen-address.ts'
import { routerTls } from './tls.ts'

/** Above every priority that a router can be given, so that a redirection takes all. */
const REDIRECTION_PRIORITY = Number.MAX_SAFE_INTEGER - 1

/** The options of one entry point. */
export const entryPointOptions = (field: Fields) => ({
  address: field.string('Required. Where it listens: `[host]:port[/tcp|/udp]`.').default(''),
  asDefault: field.boolean('Routers that name no entry point listen on those marked so.').default(false),
  reusePort: field.boolean('Kept for compatibility: workers always share the port.').optional(),
  transport: transport(field),
  forwardedHeaders: forwardedHeaders(field),
  http: http(field),
  observability: field
    .section('What is told of its requests.', {
      accessLogs: field.boolean('Writes its requests to the access log.').default(true),
      metrics: field.boolean('Counts its requests.').default(true),
      tracing: field.pending('tracing'),
      traceVerbosity: field.pending('tracing'),
    })
    .prefault({}),
  allowACMEByPass: field.pending('certificates by ACME'),
  proxyProtocol: field.pending('the PROXY protocol'),
  http2: http2(field),
  http3: field.pending('HTTP/3'),
  udp: field.pending('UDP entry points'),
})

/** One entry point with its defaults filled in. */
export type EntryPointConfig = OptionsOf<ReturnType<typeof entryPointOptions>> & {
  /** `address`, taken apart. */
  readonly listen: ListenAddress
  /** Not for routers that name no entry point. */
  readonly internal: boolean
}

function transport(field: Fields) {
  const lifeCycle = {
    requestAcceptGraceTimeout: field
      .duration('How long requests are still accepted after the signal to stop, with `/ping` answering 503.')
      .prefault('0s'),
    graceTimeOut: field.duration('How long requests in flight may then take to finish.').prefault('10s'),
  }
  const respondingTimeouts = {
    headersTimeout: field
      .duration(
        'Longest time to read the head of a request, from the connection or its first byte on; 0: none.',
      )
      .prefault('10s'),
    readTimeout: field.duration('Longest time to read a whole request; 0: none.').prefault('60s'),
    writeTimeout: field.duration('Longest time to write a whole response; 0: none.').prefault('0s'),
    idleTimeout: field.duration('How long a connection may stay idle; 0: for ever.').prefault('180s'),
  }
  const rate = (doc: string) => field.bytes(doc, { min: 0, max: 1_000_000_000 }).default(240)
  return field
    .section('Connections.', {
      lifeCycle: field.section('Graceful stop.', lifeCycle).prefault({}),
      respondingTimeouts: field.section('Time-outs towards clients.', respondingTimeouts).prefault({}),
      minRequestRate: rate(
        'Bytes a second that a request body must come with, over 20 seconds; a slower one is answered 408; 0: any.',
      ),
      minResponseRate: rate(
        'Bytes a second that a client must take while its response waits, over a minute; a slower one is cut off; 0: any.',
      ),
      maxConnections: field
        .integer('Connections open at once; more are answered 503; 0: any number.', {
          min: 0,
        })
        .default(100_000),
      maxConnectionsPerClient: field
        .integer(
          'The same for one client (an IPv4 address, or an IPv6 network of 64 bits); more are answered 429. Not for use behind a load balancer, which is one client.',
          { min: 0 },
        )
        .default(0),
      abortOnClose: field
        .boolean(
          'A client that closes its side of the connection while it waits has gone away, and its request is given up; otherwise it still gets its answer.',
        )
        .default(false),
      keepAliveMaxTime: field
        .duration('Age at which a connection is closed after its response; 0: never.')
        .prefault('0s'),
      keepAliveMaxRequests: field
        .integer('Number of requests after which a connection is closed; 0: never.', { min: 0 })
        .default(0),
    })
    .prefault({})
}

function forwardedHeaders(field: Fields) {
  return field
    .section('`X-Forwarded-*` headers.', {
      insecure: field.boolean('Believes these headers from every client.').default(false),
      trustedIPs: field
        .list('Clients whose headers are believed.', field.string('IP address or CIDR range.'))
        .default([]),
      connection: field
        .list(
          'Headers that clients may name in `Connection` and that pass nevertheless.',
          field.string('Name of a header.'),
        )
        .default([]),
      notAppendXForwardedFor: field.boolean('Leaves `X-Forwarded-For` as it came.').default(false),
      addXForwardedSchemeHeaders: field.boolean('Adds `X-Forwarded-Scheme` and `X-Scheme`.').default(false),
    })
    .prefault({})
}

function http2(field: Fields) {
  const tableSize = (doc: string) => field.integer(doc, { min: 0, max: 65_536 }).default(4_096)
  return field
    .section('HTTP/2 with clients, which TLS connections choose by ALPN.', {
      maxConcurrentStreams: field
        .integer('Requests that one connection may have under way.', { min: 1, max: 100_000 })
        .default(250),
      maxDecoderHeaderTableSize: tableSize('Bytes of the table by which clients compress headers.'),
      maxEncoderHeaderTableSize: tableSize('Bytes of the table by which headers to clients are compressed.'),
    })
    .prefault({})
}

function http(field: Fields) {
  const redirection = {
    to: field.string('Name of an entry point, or a port such as `:443`.'),
    scheme: field.string('Scheme that clients are sent to.').default('https'),
    permanent: field.boolean('Answers 301 or 308 rather than 302 or 307.').default(true),
    priority: field.integer('Priority of the redirection among the routers.').default(REDIRECTION_PRIORITY),
  }
  return field
    .section('What holds for all its HTTP routers.', {
      redirections: field
        .section('Sends all clients elsewhere.', {
          entryPoint: field.section('To another entry point.', redirection).optional(),
        })
        .optional(),
      middlewares: field
        .list('Middlewares that all requests pass first.', field.string('`name@provider`.'))
        .default([]),
      tls: routerTls(field),
      encodeQuerySemicolons: field
        .boolean('Forwards `;` in queries as `%3B`, since services disagree about what it means.')
        .default(false),
      encodedCharacters: field
        .section('Which encoded characters paths may hold; what is not allowed is answered 400.', {
          allowEncodedSlash: field.boolean('`%2F`.').default(true),
          allowEncodedBackSlash: field.boolean('`%5C`.').default(true),
          allowEncodedNullCharacter: field.boolean('Without effect: `%00` is never allowed.').optional(),
          allowEncodedSemicolon: field.boolean('`%3B`.').default(true),
          allowEncodedPercent: field.boolean('`%25`.').default(true),
          allowEncodedQuestionMark: field.boolean('`%3F`.').default(true),
          allowEncodedHash: field.boolean('`%23`.').default(true),
        })
        .prefault({}),
      underscoreHeadersStrategy: field
        .choice(
          'What happens to header names with `_`. Look-alikes of managed and framing names are always removed.',
          ['keep', 'delete', 'reject'],
        )
        .default('keep'),
      sanitizePath: field
        .boolean('Removes `/./`, `/../` and `//` from paths before they are matched and forwarded.')
        .default(true),
      maxHeaderBytes: field
        .bytes('Longest request head; a longer one is answered 431.', { min: 1_024, max: 1_048_576 })
        .default(65_536),
      maxHeaders: field
        .integer('Most header fields of a request; more are answered 431.', { min: 16, max: 2_000 })
        .default(256),
      maxUriBytes: field
        .bytes('Longest target (path and query) of a request; a longer one is answered 414.', {
          min: 256,
          max: 1_048_576,
        })
        .default(32_768),
      maxBodyBytes: field.bytes('Longest request body; a longer one is answered 413; 0: any.').default(0),
    })
    .prefault({})
}
