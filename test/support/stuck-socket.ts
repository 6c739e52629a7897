import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { Wire } from '../../src/proxy/wire.ts'
import type { WireHandler } from '../../src/proxy/wire.ts'

/** A socket whose system takes nothing until `flush`: a peer that does not read, without its megabytes of buffers. */
export class StuckSocket extends Duplex {
  readonly taken: Buffer[] = []
  #flush: (() => void) | undefined = undefined

  constructor() {
    super({ allowHalfOpen: true })
  }

  wire(handler: WireHandler): Wire {
    return Wire.tls(this as Duplex as TLSSocket, handler)
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#flush = () => {
      this.taken.push(chunk)
      done()
    }
  }

  /** Takes what was written last. */
  flush(): void {
    this.#flush?.()
  }
}
