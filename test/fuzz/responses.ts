import assert from 'node:assert/strict'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { engineBefore } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { damaged } from './mutations.ts'
import { RESPONSE } from './message-grammar.ts'
import type { Stream } from './message-grammar.ts'

interface Answer {
  readonly status: number
  readonly body: string
}

/** An endpoint that answers each connection with the bytes at hand and closes it, and a proxy before it. */
export class ResponseBench implements AsyncDisposable {
  #stream: Stream = { pieces: [] }
  #upstream!: RawUpstream
  #engine!: Engine

  static async start(): Promise<ResponseBench> {
    const bench = new ResponseBench()
    bench.#upstream = await RawUpstream.start((peer) => bench.#answer(peer))
    bench.#engine = await engineBefore([bench.#upstream])
    return bench
  }

  /** Whatever Tidegate relays as a whole answer, Node's client takes for the same one. */
  readonly agree = fc.asyncProperty(damaged(RESPONSE, 1), async (stream) => {
    this.#stream = stream
    const [ours, theirs] = await Promise.all([this.#readThroughTidegate(), this.#readByNode()])
    await this.#forget()
    if (ours && !closesEarly(stream))
      assert.deepEqual(ours, theirs, `the answer to ${JSON.stringify(stream.pieces)}`)
  })

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]()
    await this.#upstream[Symbol.asyncDispose]()
  }

  async #answer(peer: RawPeer): Promise<void> {
    await peer.readUntil('\r\n\r\n')
    for (const piece of this.#stream.pieces) {
      await peer.send(Buffer.from(piece, 'latin1'))
      await new Promise((resolve) => setImmediate(resolve))
    }
    peer.end()
  }

  /** The answer when it was relayed whole; undefined when it was refused or broken off. */
  async #readThroughTidegate(): Promise<Answer | undefined> {
    const { text, ending } = await this.#engine.sendToEnd(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    )
    let rest = text
    while (/^HTTP\/1\.1 1\d\d /.test(rest)) rest = rest.slice(rest.indexOf('\r\n\r\n') + 4)
    const end = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, end)
    if (ending === 'reset' || /^Tidegate-Why:/m.test(head)) return undefined
    const body = rest.slice(end + 4)
    const chunked = /^Transfer-Encoding: chunked$/m.test(head)
    return { status: Number(head.slice(9, 12)), body: chunked ? unchunked(body) : body }
  }

  #readByNode(): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    let response: IncomingMessage | undefined
    let body = ''
    // What comes behind a whole answer is an error to Node, too late for the answer.
    const settle = (): void =>
      resolve(response?.complete ? { status: response.statusCode!, body } : undefined)
    const request = get({ host: '127.0.0.1', port: this.#upstream.port, agent: false })
    request.on('response', (message) => {
      response = message
      message.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
      message.on('error', () => {})
    })
    request.on('error', () => {})
    request.on('close', settle)
    return promise
  }

  async #forget(): Promise<void> {
    for (const peer of this.#upstream.connections.splice(0)) await peer[Symbol.asyncDispose]()
  }
}

/** Node takes Connection in an interim answer for the end of them all; to us it is a field of the hop. */
function closesEarly({ pieces }: Stream): boolean {
  const [first = ''] = pieces.join('').split('\r\n\r\n', 1)
  return first.startsWith('HTTP/1.1 1') && /^(?:proxy-)?connection:/im.test(first)
}

function unchunked(coded: string): string {
  let body = ''
  for (let at = 0; ;) {
    const line = coded.indexOf('\r\n', at)
    const size = Number.parseInt(coded.slice(at, line), 16)
    if (size === 0) return body
    body += coded.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
  }
}
