import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/listen-address.ts'
import { didYouMean } from '../config/suggest.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Access, Refusal } from './access.ts'
import { complaint } from './page.ts'
import type { Asked, Page, PageAnswer, StreamAnswer } from './page.ts'

export interface AdminServerOptions {
  readonly listen: ListenAddress
  readonly access: Access
  readonly pages: readonly Page[]
  readonly log: Logger
  /** Is told what was changed. */
  readonly changed?: (page: Page, about: Readonly<Record<string, unknown>>) => void
}

/** Not by an import of its name, which would load undici; see `proxy/status-text.ts`. */
const { createServer } = process.getBuiltinModule('node:http')

const LIMITS = { body: 16 * 1024, head: 8 * 1024, connections: 100, head_ms: 5_000, request_ms: 10_000 }
/** Bytes that may wait for a client of a stream; one that takes less is let go, and may ask again for what it missed. */
const STREAM_BACKLOG = 1024 * 1024

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
      if (response.headersSent) response.destroy()
      else send(request, response, complaint(500, 'the answer could not be made', 'see the log'))
    }
  }

  async #answer(request: IncomingMessage): Promise<PageAnswer> {
    const { pages, log, changed } = this.#options
    const { pathname, searchParams } = targetOf(request)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const here = pages.flatMap((page) => {
      const name = nameIn(pathname, page.path)
      return name === undefined ? [] : [{ page, name }]
    })
    const found = here.find(({ page }) => page.method === method)
    const refusal = found?.page.open ? undefined : await this.#refusal(request, found?.page)
    if (refusal) return refused(refusal)
    if (!found) return notFound(here, pathname, pages)
    const { page, name } = found
    const sent = page.method === 'GET' ? undefined : await bodyOf(request)
    if (typeof sent === 'string') return complaint(400, sent, 'send a short JSON object')
    const asked: Asked = { name, query: searchParams, headers: request.headers, body: sent?.value }
    const answer = await page.answer(asked)
    if ('log' in answer && answer.log) {
      log.info(`admin API: ${page.path}`, { ...answer.log, by: request.socket.remoteAddress })
      changed?.(page, answer.log)
    }
    return answer
  }

  /** Who may not read is not told either what there is. */
  async #refusal(request: IncomingMessage, page: Page | undefined): Promise<Refusal | undefined> {
    const { access } = this.#options
    return access.host(request) ?? (page?.method === 'POST' ? access.change(request) : access.read(request))
  }
}

/** Also of a target that is no path. */
function targetOf({ url = '' }: IncomingMessage): URL {
  return URL.parse(url.replace(/^\/+/, '/'), 'http://admin') ?? new URL('http://admin/')
}

/** The name that a path of this pattern holds, empty when the pattern has none; undefined when it is another path. */
function nameIn(path: string, pattern: string): string | undefined {
  const fixed = pattern.replace('{name}', '')
  if (fixed === pattern) return path === pattern ? '' : undefined
  if (!path.startsWith(fixed) || path.length === fixed.length) return undefined
  try {
    return decodeURIComponent(path.slice(fixed.length))
  } catch {
    return undefined
  }
}

function refused({ status, error, remedy }: Refusal): PageAnswer {
  return complaint(status, error, remedy)
}

function notFound(here: readonly { readonly page: Page }[], path: string, all: readonly Page[]): PageAnswer {
  if (here.length > 0) {
    const methods = here.map(({ page: { method } }) => method).join(', ')
    return {
      ...complaint(405, `the page wants ${methods}`, 'see /api/openapi.json'),
      headers: { Allow: methods },
    }
  }
  const near = didYouMean(
    path,
    all.map((page) => page.path),
  )
  return complaint(404, `there is no page \`${path}\``, near ?? 'all pages are listed in /api/openapi.json')
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

function send(request: IncomingMessage, response: ServerResponse, answer: PageAnswer): void {
  const { status, headers } = answer
  const text =
    'body' in answer ? `${JSON.stringify(answer.body)}\n` : 'text' in answer ? answer.text : undefined
  response.writeHead(status, {
    'Content-Type': 'type' in answer ? answer.type : 'application/json',
    ...(text === undefined ? {} : { 'Content-Length': Buffer.byteLength(text) }),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer realm="tidegate"' } : {}),
    ...(status === 429 ? { 'Retry-After': '10' } : {}),
    // What is left of a body that was not read would be taken for the next request.
    ...(request.complete ? {} : { Connection: 'close' }),
    ...headers,
  })
  if ('stream' in answer && request.method !== 'HEAD') stream(response, answer)
  else response.end(request.method === 'HEAD' ? undefined : text)
}

function stream(response: ServerResponse, { stream: begin }: StreamAnswer): void {
  const ended = new AbortController()
  response.on('error', () => {})
  response.on('close', () => ended.abort())
  response.flushHeaders()
  begin((text) => {
    if (response.destroyed) return false
    response.write(text)
    if (response.writableLength > STREAM_BACKLOG) response.destroy()
    return !response.destroyed
  }, ended.signal)
}
