import { Duplex } from 'node:stream'

/** A socket without a network: what is fed to it is read at the other side, what that writes is dropped. */
export class MemorySocket extends Duplex {
  constructor() {
    super({ allowHalfOpen: true })
  }

  feed(text: string): void {
    if (!this.destroyed) this.push(Buffer.from(text, 'latin1'))
  }

  override _read(): void {
    // Bytes come when they are fed.
  }

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done()
  }

  // What a server expects of a socket.
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 1
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  destroySoon(): void {
    this.end(() => this.destroy())
  }
}

/** Turns of the event loop until everything that can follow without a network has followed. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}
