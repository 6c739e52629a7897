import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What the relay answers instead of what the agent says. `half`: the list without every second service, and 500 for
 * those when they are asked for. `all gone, once`: neither the list nor any service shows anything but Consul itself,
 * each of them only the first time that it is asked for.
 */
export type RelayFault =
  | 'error 500'
  | 'no leader'
  | 'index gone back'
  | 'empty, without proof'
  | 'half'
  | 'all gone, once'

const LIST = '/v1/catalog/services'
const SERVICE = '/v1/health/service/'

/** Stands before a Consul agent and passes everything on, until it is told to answer wrongly itself. */
export async function startConsulRelay(agent: string): Promise<ConsulRelay> {
  const relay = new ConsulRelay(agent)
  await relay.listen()
  return relay
}

export class ConsulRelay implements AsyncDisposable {
  address = ''
  /** Requests that were answered wrongly. */
  wronged = 0
  readonly #agent: string
  readonly #server: Server
  readonly #waiting = new Map<ServerResponse, ClientRequest>()
  #fault: RelayFault | undefined
  /** Paths that were answered wrongly since the fault began. */
  readonly #toldOnce = new Set<string>()

  constructor(agent: string) {
    this.#agent = agent
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.address = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get fault(): RelayFault | undefined {
    return this.#fault
  }

  /** From now on; long polls that wait get the wrong answer too. */
  set fault(fault: RelayFault | undefined) {
    this.#fault = fault
    this.#toldOnce.clear()
    if (fault === undefined) return
    for (const [response, passedOn] of this.#waiting) {
      passedOn.destroy()
      this.#answerWrongly(fault, response)
    }
    this.#waiting.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#fault === undefined) this.#passOn(request, response)
    else this.#answerWrongly(this.#fault, response)
  }

  /** What the agent says now, changed, with its own index: nothing but the answer itself is wrong. */
  async #answerChanged(fault: RelayFault, response: ServerResponse): Promise<void> {
    const url = response.req.url ?? ''
    const path = url.split('?')[0]!
    const name = path.startsWith(SERVICE) ? path.slice(SERVICE.length) : undefined
    const concerned = path === LIST || (name !== undefined && name !== 'consul')
    const told = fault === 'all gone, once' && this.#toldOnce.has(path)
    if (!concerned || told) return this.#passOn(response.req, response)
    this.#toldOnce.add(path)
    const plain = await fetch(`http://${this.#agent}${path}`)
    const answer: unknown = await plain.json()
    this.wronged++
    const status = fault === 'half' && name !== undefined && !isNamed(name, await this.#names()) ? 500 : 200
    const body = path === LIST ? fewer(fault, answer as object) : fault === 'half' ? answer : []
    const headers = ['x-consul-index', 'x-consul-knownleader', 'x-consul-lastcontact'].map(
      (key) => [key, plain.headers.get(key) ?? ''] as const,
    )
    response.writeHead(status, { 'Content-Type': 'application/json', ...Object.fromEntries(headers) })
    response.end(JSON.stringify(body))
  }

  async #names(): Promise<string[]> {
    const answer = await fetch(`http://${this.#agent}${LIST}`)
    return Object.keys((await answer.json()) as object)
  }

  #passOn(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = request
    const passedOn = httpRequest(`http://${this.#agent}${url}`, { method, headers, agent: false })
    this.#waiting.set(response, passedOn)
    response.once('close', () => {
      this.#waiting.delete(response)
      passedOn.destroy()
    })
    passedOn.on('response', (answer) => {
      this.#waiting.delete(response)
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passedOn.on('error', () => {
      if (this.#waiting.delete(response)) response.destroy()
    })
    request.pipe(passedOn)
  }

  #answerWrongly(fault: RelayFault, response: ServerResponse): void {
    if (response.headersSent || response.destroyed) return
    if (fault === 'half' || fault === 'all gone, once') {
      void this.#answerChanged(fault, response).catch(() => response.destroy())
      return
    }
    this.wronged++
    if (fault === 'error 500') {
      response.writeHead(500).end('rpc error making call: EOF')
      return
    }
    const index = fault === 'index gone back' ? { 'X-Consul-Index': '1' } : { 'X-Consul-Index': '1000000' }
    const leader = { 'X-Consul-KnownLeader': String(fault !== 'no leader'), 'X-Consul-LastContact': '0' }
    const listsServices = response.req.url?.startsWith('/v1/catalog/services') ?? false
    response.writeHead(200, { 'Content-Type': 'application/json', ...index, ...leader })
    response.end(listsServices ? '{}' : '[]')
  }
}

function fewer(fault: RelayFault, services: object): object {
  const names = Object.keys(services)
  const kept = (name: string): boolean => name === 'consul' || (fault === 'half' && isNamed(name, names))
  return Object.fromEntries(Object.entries(services).filter(([name]) => kept(name)))
}

/** Every second one. */
function isNamed(name: string, names: readonly string[]): boolean {
  return names.filter((one) => one !== 'consul').indexOf(name) % 2 === 0
}
