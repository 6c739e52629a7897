import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { Deadlines } from '../../src/proxy/deadlines.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { ClientConnection } from '../../src/proxy/http1/client-connection.ts'
import type { ConnectionHost } from '../../src/proxy/http1/connection-host.ts'
import type { Request } from '../../src/proxy/request.ts'
import { Response } from '../../src/proxy/response.ts'
import { Wire } from '../../src/proxy/wire.ts'
import { MemorySocket, settled } from './memory-socket.ts'
import type { Stream } from './message-grammar.ts'

/** A request as one reader understood it. */
export interface Read {
  readonly method: string
  readonly target: string
  /** Names and values alternating. */
  readonly fields: readonly string[]
  body: string
  trailers: readonly string[]
  /** Whether the body has come to its end, or was refused on the way. */
  state: 'whole' | 'waiting' | 'refused'
}

/** As Tidegate reads it, by its own connection; without `sanitizePath` targets are left as they came. */
export async function readByTidegate(stream: Stream, sanitizePath = false): Promise<Read[]> {
  const reads: Read[] = []
  const socket = new MemorySocket()
  const deadlines = new Deadlines()
  const host: ConnectionHost = {
    deadlines,
    limits: { ...LIMITS, sanitizePath },
    stopping: () => false,
    handle: (request) => answer(request, reads),
    finished: () => {},
    tunnelled: () => {},
    refused: () => {},
    closed: () => {},
  }
  const peer = { address: '127.0.0.1', port: 1, localPort: 80, secure: false }
  new ClientConnection((handler) => Wire.tls(socket as unknown as TLSSocket, handler), peer, host)
  await feed(socket, stream)
  deadlines.close()
  return reads
}

async function answer(request: Request, reads: Read[]): Promise<Response> {
  const read: Read = {
    method: request.method,
    target: request.path + request.query,
    fields: [...request.headers.fields],
    body: '',
    trailers: [],
    state: request.body === null ? 'whole' : 'waiting',
  }
  reads.push(read)
  try {
    for await (const chunk of request.body ?? []) read.body += chunk.toString('latin1')
    read.state = 'whole'
  } catch {
    read.state = 'refused'
  }
  return new Response(200, new HeaderList(), 'ok')
}

const LIMITS = {
  maxHeadBytes: 64 * 1024,
  maxTargetLength: 32 * 1024,
  maxFields: 256,
  maxBodyBytes: Number.POSITIVE_INFINITY,
  headersTimeout: 0,
  abortOnClose: false,
  requestRate: { bytes: 0, window: 0 },
  responseRate: { bytes: 0, window: 0 },
  encodeQuerySemicolons: false,
  refusedEscapes: [],
  keptNominated: [],
  readTimeout: 0,
  writeTimeout: 0,
  idleTimeout: 0,
  keepAliveMaxTime: 0,
  keepAliveMaxRequests: 0,
}

/** As Node's own server reads it, which is strict unless told otherwise. */
export async function readByNode(stream: Stream): Promise<Read[]> {
  const reads: Read[] = []
  const server = createServer((request, response) => {
    reads.push(record(request))
    request.on('end', () => response.writeHead(200, { 'Content-Length': 2 }).end('ok'))
  })
  // What was read before the fault is still to be seen.
  server.on('clientError', () => {})
  const socket = new MemorySocket()
  server.emit('connection', socket)
  await feed(socket, stream)
  return reads
}

function record(request: IncomingMessage): Read {
  const { method = '', url = '', rawHeaders } = request
  const read: Read = { method, target: url, fields: rawHeaders, body: '', trailers: [], state: 'waiting' }
  request.on('data', (chunk: Buffer) => (read.body += chunk.toString('latin1')))
  request.on('end', () => {
    if (request.complete) read.state = 'whole'
    read.trailers = request.rawTrailers
  })
  request.on('error', () => {})
  return read
}

async function feed(socket: MemorySocket, { pieces }: Stream): Promise<void> {
  for (const piece of pieces) {
    socket.feed(piece)
    await settled()
  }
  await settled()
  socket.destroy()
}
