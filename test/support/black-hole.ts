import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { until } from './until.ts'

/** Listens, says where, and never comes back to accept: the queue of the listening socket fills. */
const NEVER_ACCEPTS = `
const { parentPort } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000))
})`

/** A port of 127.0.0.1 on which connecting neither succeeds nor fails. */
export class BlackHole implements AsyncDisposable {
  readonly port: number
  readonly #worker: Worker
  readonly #filling = [0, 0, 0, 0, 0, 0].map(() => ({ connected: false, destroy: (): void => {} }))

  private constructor(worker: Worker, port: number) {
    this.#worker = worker
    this.port = port
  }

  static async open(): Promise<BlackHole> {
    const worker = new Worker(NEVER_ACCEPTS, { eval: true })
    const [port] = (await once(worker, 'message')) as [number]
    const hole = new BlackHole(worker, port)
    await hole.#fill()
    return hole
  }

  /** The queue takes two connections; those behind them hang, and so does whoever comes later. */
  async #fill(): Promise<void> {
    for (const one of this.#filling) {
      const socket = connect({ port: this.port, host: '127.0.0.1' }, () => (one.connected = true))
      socket.on('error', () => {})
      one.destroy = () => socket.destroy()
    }
    await until('a full queue', () => this.#filling.filter(({ connected }) => connected).length >= 2)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#filling) one.destroy()
    await this.#worker.terminate()
  }
}
