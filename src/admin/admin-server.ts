import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/listen-address.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Access, Refusal } from './access.ts'
import type { Page, PageAnswer } from './page.ts'

export interface AdminServerOptions {
  readonly listen: ListenAddress
  readonly access: Access
  readonly pages: readonly Page[]
  readonly log: Logger
}

/** Not by an import of its name, which would load undici; see `proxy/status-text.ts`. */
const { createServer } = process.getBuiltinModule('node:http')

const LIMITS = { body: 16 * 1024, head: 8 * 1024, connections: 100, head_ms: 5_000, request_ms: 10_000 }

/**
 * The admin API: a listener of its own in the control plane, so that it answers whatever the load, and so that no router
 * can lead there.
 */
export class AdminServer {
  readonly #options: AdminServerOptions
  readonly #server: Server

  constructor(options: AdminServerOptions) {
    this.#options = options
    this.#server = createServer({ maxHeaderSize: LIMITS.head, connectionsCheckingInterval: 1_000 })
    this.#server.headersTimeout = LIMITS.head_ms
    this.#server.requestTimeout = LIMITS.request_ms
    this.#server.maxConnections = LIMITS.connections
    this.#server.on('request', (request, response) => void this.#serve(request, response))
  }

  /** @throws the system's error when the address cannot be listened on */
  async listen(): Promise<void> {
    const { host, port } = this.#options.listen
    this.#server.listen(port, host === '' ? undefined : host)
    await once(this.#server, 'listening')
    // Whatever happens to it later must not end the process.
    this.#server.on('error', (error) => this.#options.log.error(`admin API: ${error.message}`))
  }

  /** The port, also when the system chose it. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {})
    try {
      send(request, response, await this.#answer(request))
    } catch (error) {
      this.#options.log.error(`admin API: ${(error as Error).stack ?? String(error)}`)
      send(request, response, {
        status: 500,
        body: { error: 'the answer could not be made', remedy: 'see the log' },
      })
    }
  }

  async #answer(request: IncomingMessage): Promise<PageAnswer> {
    const { access, pages, log } = this.#options
    const wrongHost = access.host(request)
    if (wrongHost) return refused(wrongHost)
    const path = (request.url ?? '').replace(/\?.*$/s, '')
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const here = pages.filter((page) => page.path === path)
    const page = here.find((one) => one.method === method)
    // Who may not read is not told either what there is.
    const refusal = page?.method === 'POST' ? await access.change(request) : await access.read(request)
    if (refusal) return refused(refusal)
    if (!page) return notFound(here, path, pages)
    const sent = page.method === 'GET' ? undefined : await bodyOf(request)
    if (typeof sent === 'string')
      return { status: 400, body: { error: sent, remedy: 'send a short JSON object' } }
    const answer = page.answer(sent?.value)
    if (answer.log) log.info(`admin API: ${page.path}`, { ...answer.log, by: request.socket.remoteAddress })
    return answer
  }
}

function refused({ status, error, remedy }: Refusal): PageAnswer {
  return { status, body: { error, remedy } }
}

function notFound(here: readonly Page[], path: string, all: readonly Page[]): PageAnswer {
  const remedy = `there is ${all.map((page) => `${page.method} ${page.path}`).join(', ')}`
  if (here.length === 0) return { status: 404, body: { error: `there is no page \`${path}\``, remedy } }
  const methods = here.map(({ method }) => method).join(', ')
  return { status: 405, body: { error: `the page wants ${methods}`, remedy } }
}

/** The body as JSON, or what is wrong with it. */
async function bodyOf(request: IncomingMessage): Promise<{ value: unknown } | string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LIMITS.body) return 'the body is too long'
    chunks.push(chunk)
  }
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString()) as unknown }
  } catch {
    return 'the body is no JSON'
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: PageAnswer): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer realm="tidegate"' } : {}),
    ...(status === 429 ? { 'Retry-After': '10' } : {}),
    // What is left of a body that was not read would be taken for the next request.
    ...(request.complete ? {} : { Connection: 'close' }),
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}
