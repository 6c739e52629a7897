import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { startEngine } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { damaged } from './mutations.ts'
import { REQUEST } from './message-grammar.ts'
import type { Stream } from './message-grammar.ts'
import type { PeerProxy } from './peer-proxies.ts'
import { readByTidegate } from './request-readers.ts'

const SENTINEL = '/the-request-behind'

/** Tidegate, a real proxy behind it, and an origin that notes every whole request. */
export class ForwardingBench implements AsyncDisposable {
  readonly #seen: string[] = []
  readonly #origin: Server
  #peer!: PeerProxy
  #engine!: Engine

  private constructor() {
    this.#origin = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
      request.on('end', () => {
        this.#seen.push(shown(request.method!, request.url!, body))
        response.writeHead(200, { 'Content-Length': 2 }).end('ok')
      })
      request.on('error', () => {})
    })
  }

  static async start(startPeer: (origin: number) => Promise<PeerProxy>): Promise<ForwardingBench> {
    const bench = new ForwardingBench()
    bench.#origin.listen(0, '127.0.0.1')
    await once(bench.#origin, 'listening')
    bench.#peer = await startPeer((bench.#origin.address() as AddressInfo).port)
    bench.#engine = await startEngine({
      routers: { all: {} },
      services: { main: { endpoints: { 0: { port: bench.#peer.port } } } },
    })
    return bench
  }

  /**
   * What Tidegate forwards, the peer reads as the same requests with the same bodies: what it answers 200, the origin
   * has seen, in this order, and it has seen nothing else. A peer may refuse what we forward.
   */
  readonly agree = fc.asyncProperty(damaged(REQUEST, 3), async (stream) => {
    const requests = (await readByTidegate(stream, true)).filter(({ state }) => state === 'whole')
    this.#seen.length = 0
    const statuses = await this.#statuses(
      stream,
      requests.map(({ method }) => method),
    )
    await this.#sendSentinel()
    const forwarded = requests
      .filter((_, i) => statuses[i] === 200)
      .map(({ method, target, body }) => shown(method, target, body))
    assert.deepEqual(this.#seen, [...forwarded, shown('GET', SENTINEL, '')], JSON.stringify(stream.pieces))
  })

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]()
    await this.#peer[Symbol.asyncDispose]()
    this.#origin.close()
    this.#origin.closeAllConnections()
  }

  async #statuses({ pieces }: Stream, methods: readonly string[]): Promise<number[]> {
    await using client = await this.#engine.connect()
    for (const piece of pieces) await client.send(Buffer.from(piece, 'latin1')).catch(() => {})
    const statuses: number[] = []
    for (const method of methods) statuses.push(await finalStatus(client, method === 'HEAD'))
    return statuses
  }

  /** Travels on the connection that the requests before may have left behind: nothing of theirs may lie in its way. */
  async #sendSentinel(): Promise<void> {
    const { text } = await this.#engine.sendToEnd(
      `GET ${SENTINEL} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    )
    assert.match(text, /^HTTP\/1\.1 200 /)
  }
}

async function finalStatus(client: RawPeer, bodiless: boolean): Promise<number> {
  for (;;) {
    const { head } = await client.readMessage({ bodiless })
    const status = Number(head.slice(9, 12))
    if (status >= 200) return status
  }
}

function shown(method: string, target: string, body: string): string {
  return `${method} ${target} ${JSON.stringify(body)}`
}
