import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the relay answers instead of asking the agent. */
export type RelayFault = 'error 500' | 'no leader' | 'index gone back'

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
