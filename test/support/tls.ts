import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { readCertificate } from '../../src/server/certificates/certificate.ts'
import { selfSigned } from '../../src/server/certificates/self-signed.ts'
import type { CertificatePlan, TlsDelta } from '../../src/server/plan.ts'
import { engineBefore } from './engine.ts'
import type { Engine, EngineSketch } from './engine.ts'
import type { RawUpstream } from './raw-upstream.ts'

/** A certificate for these names; its common name is the first. */
export function certificateFor(...names: readonly [string, ...string[]]): CertificatePlan {
  return readCertificate(selfSigned(names[0], names, Date.now())).plan
}

/** What TLS connections are opened with: the first certificate is the default one. */
export function tlsWith(
  certificates: Readonly<Record<string, CertificatePlan>>,
  ticketKey = new Uint8Array(48),
): TlsDelta {
  return {
    certificates: new Map(Object.entries(certificates)),
    defaultCertificate: Object.keys(certificates)[0]!,
    ticketKey,
  }
}

const LOCAL = certificateFor('local.test')

/** An engine that sends everything that comes over TLS to these upstreams. */
export function secureEngine(upstreams: readonly RawUpstream[], sketch: EngineSketch = {}): Promise<Engine> {
  return engineBefore(upstreams, {
    routers: { all: { tls: true } },
    tls: tlsWith({ local: LOCAL }),
    ...sketch,
  })
}

/** A TLS connection to a port of 127.0.0.1 on which the handshake is done. */
export async function openTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    servername: 'local.test',
    ...options,
  })
  await once(socket, 'secureConnect')
  return socket
}

/** An HTTP/2 client of a port of 127.0.0.1; it says what became of its requests. */
export class Http2Client implements AsyncDisposable {
  readonly session: ClientHttp2Session

  constructor(port: number) {
    this.session = connectHttp2(`https://localhost:${port}`, {
      rejectUnauthorized: false,
      servername: 'local.test',
    })
    // What fails is said by the requests.
    this.session.on('error', () => {})
  }

  open(headers: OutgoingHttpHeaders, options: { endStream?: boolean } = {}): ClientHttp2Stream {
    const stream = this.session.request({ ':path': '/', ':authority': 'local.test', ...headers }, options)
    stream.on('error', () => {})
    return stream
  }

  get(path: string, headers: OutgoingHttpHeaders = {}): Promise<Http2Answer> {
    return answerOf(this.open({ ':path': path, ...headers }, { endStream: true }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.session.destroyed) return
    const closed = once(this.session, 'close')
    this.session.destroy()
    await closed
  }
}

export interface Http2Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders
  readonly information: readonly IncomingHttpHeaders[]
  /** Code of the reset that ended it; 0 when it ended well. */
  readonly code: number
}

/** All that comes on a stream, whether it ends well or not. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let headers: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  const information: IncomingHttpHeaders[] = []
  const chunks: Buffer[] = []
  stream.on('response', (given) => (headers = given))
  stream.on('headers', (given) => information.push(given))
  stream.on('trailers', (given) => (trailers = given))
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  // `once` would reject when the stream is reset, which is an answer like any other.
  if (!stream.destroyed) await new Promise<void>((resolve) => stream.once('close', resolve))
  const body = Buffer.concat(chunks).toString('latin1')
  const status = headers[':status'] === undefined ? undefined : Number(headers[':status'])
  return { status, headers, body, trailers, information, code: stream.rstCode ?? 0 }
}
