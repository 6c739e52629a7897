import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { FrameReader, frame } from '../../../providers/zookeeper/frames.ts'
import { bytes, int, long } from '../../../providers/zookeeper/jute.ts'

/** Answers one message of the client; `number` counts them from 0, which is the greeting. */
export type Answer = (socket: Socket, message: Buffer, number: number) => void

/** Ours, and no ZooKeeper: a server that answers what a real one never would. */
export class HostileServer implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(answer: Answer) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      const frames = new FrameReader()
      let count = 0
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        for (const message of frames.read(chunk)) answer(socket, message, count++)
      })
    })
  }

  static async start(answer: Answer): Promise<HostileServer> {
    const hostile = new HostileServer(answer)
    const { promise, resolve } = Promise.withResolvers<void>()
    hostile.#server.listen(0, '127.0.0.1', resolve)
    await promise
    return hostile
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    for (const socket of this.#sockets) socket.destroy()
    await promise
  }
}

/** What a server says to a client that it takes. */
export const WELCOME = frame([int(0), int(4_000), long(7n), bytes(Buffer.alloc(16)), Buffer.of(0)])

/** An answer to the message, with this error and body. */
export function answerTo(message: Buffer, error: number, ...body: readonly Buffer[]): Buffer {
  return frame([message.subarray(0, 4), long(1n), int(error), ...body])
}
