import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { NomadModel } from './nomad-model.ts'
import type { Page } from './nomad-model.ts'

/*
 * Ours, and no real peer: Nomad's programs cannot be had here. It speaks as much of the HTTP API as discovery uses, in
 * the shapes of the API's documentation: lists with blocking queries and `X-Nomad-Index`, namespaces, tokens, checks.
 */

/** One request that came. */
export interface NomadCall {
  readonly path: string
  readonly query: URLSearchParams
  readonly token: string | undefined
}

/** What goes wrong with a call. */
export type NomadFault =
  | 'hang'
  | 'reset'
  | 'cut'
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }

export interface NomadServerOptions {
  /** What tokens may read, by token; left out: nobody needs one. */
  readonly tokens?: Readonly<Record<string, readonly string[]>>
  /** Speaks TLS with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

export async function startNomad(options: NomadServerOptions = {}): Promise<NomadServer> {
  const server = new NomadServer(options)
  await server.start()
  return server
}

export class NomadServer implements AsyncDisposable {
  readonly model = new NomadModel()
  /** Every call in the order of its coming. */
  readonly calls: NomadCall[] = []
  readonly #options: NomadServerOptions
  readonly #server: Server
  #port = 0
  #fault: (call: NomadCall) => NomadFault | undefined = () => undefined

  constructor(options: NomadServerOptions) {
    this.#options = options
    const serve = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response)
    this.#server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve)
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Nothing listens any more; `start` listens on the same port again. */
  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  get address(): string {
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${this.#port}`
  }

  /** From now on calls whose path starts so get the fault; those that wait are cut off. */
  breakWith(path: string, fault: NomadFault): void {
    this.#fault = (call) => (call.path.startsWith(path) ? fault : undefined)
    this.#server.closeAllConnections()
  }

  /** From now on nothing is answered where this is true of the path. */
  hangWhere(test: (path: string) => boolean): void {
    this.#fault = ({ path }) => (test(path) ? 'hang' : undefined)
  }

  /** The next call whose path starts so gets the fault, and no other. */
  breakOnce(path: string, fault: NomadFault): void {
    this.#fault = (call) => {
      if (!call.path.startsWith(path)) return undefined
      this.#fault = () => undefined
      return fault
    }
  }

  heal(): void {
    this.#fault = () => undefined
    this.#server.closeAllConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://nomad')
    const token = request.headers['x-nomad-token'] as string | undefined
    const call = { path: decodeURIComponent(pathname), query: searchParams, token }
    this.calls.push(call)
    const fault = this.#fault(call)
    if (fault === 'hang') return
    if (fault === 'reset') return void request.socket.resetAndDestroy()
    if (typeof fault === 'object')
      return void response.writeHead(fault.status ?? 200, { ...JSON_TYPE, ...fault.headers }).end(fault.body)
    const denied = this.#denies(call)
    if (denied) return send(response, denied)
    await this.#waited(call, response)
    if (response.destroyed) return
    const page = this.model.page(call.path, call.query, this.#readable(call))
    if (fault !== 'cut') return send(response, page)
    const { text, headers } = written(page)
    response.writeHead(page.status ?? 200, headers)
    response.write(text.slice(0, text.length / 2), () => response.destroy())
  }

  /** Blocks as Nomad does: until the table's index is past the one that was asked with, or the time is over. */
  async #waited({ path, query }: NomadCall, response: ServerResponse): Promise<void> {
    const index = Number(query.get('index') ?? 0)
    if (index === 0) return
    const wait = Number(/^(\d+)ms$/.exec(query.get('wait') ?? '300000ms')?.[1] ?? 0)
    const over = AbortSignal.any([AbortSignal.timeout(wait), closing(response)])
    while (!over.aborted && this.model.indexOf(path) <= index) await this.model.changed(over)
  }

  /** Namespaces that the call's token may read. */
  #readable({ token }: NomadCall): readonly string[] | 'all' {
    if (!this.#options.tokens) return 'all'
    const named = this.#options.tokens[token ?? ''] ?? []
    return named.includes('*') ? 'all' : named
  }

  #denies(call: NomadCall): Page | undefined {
    const region = call.query.get('region')
    if (region !== null && region !== 'global') return { status: 500, body: 'No path to region' }
    const readable = this.#readable(call)
    const namespace = call.query.get('namespace') ?? 'default'
    if (readable === 'all' || readable.includes(namespace)) return undefined
    if (call.token !== undefined && !(call.token in this.#options.tokens!))
      return { status: 403, body: 'ACL token not found' }
    return namespace === '*' ? undefined : { status: 403, body: 'Permission denied' }
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function closing(response: ServerResponse): AbortSignal {
  const closed = new AbortController()
  response.once('close', () => closed.abort())
  return closed.signal
}

function written({ index, body }: Page): { text: string; headers: Record<string, string | number> } {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const known = { 'X-Nomad-KnownLeader': 'true', 'X-Nomad-LastContact': '0' }
  return {
    text,
    headers: {
      ...(typeof body === 'string' ? { 'content-type': 'text/plain' } : JSON_TYPE),
      ...(index === undefined ? {} : { ...known, 'X-Nomad-Index': index }),
      'content-length': Buffer.byteLength(text),
    },
  }
}

function send(response: ServerResponse, page: Page): void {
  const { text, headers } = written(page)
  response.writeHead(page.status ?? 200, headers).end(text)
}
