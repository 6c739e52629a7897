import type { Deadlines, Timed } from './deadlines.ts'
import { NEVER } from './deadlines.ts'
import type { Wire, WireHandler } from './wire.ts'

/** Who takes a connection over once its first byte has told what it speaks. */
export interface Doorway {
  readonly deadlines: Deadlines
  /** Milliseconds for the first byte to come; 0: no limit. */
  readonly readTimeout: number
  /** It speaks HTTP in the clear. `bytes` are borrowed, and the first that came. */
  plain(connection: NewConnection, bytes: Buffer): void
  /** It begins a TLS handshake. `bytes` are borrowed, and the first that came. */
  secure(connection: NewConnection, bytes: Buffer): void
  closed(connection: NewConnection): void
}

/** The content type of a TLS record that holds a handshake (RFC 8446 §5.1); no HTTP method begins with it. */
const TLS_HANDSHAKE = 22
/** Milliseconds that a silent connection is still waited for when the proxy stops. */
const LAST_CHANCE_MS = 1_000

/** A connection of which no byte has come yet: plain and TLS connections share their ports. */
export class NewConnection implements WireHandler, Timed {
  deadline = NEVER
  readonly wire: Wire
  readonly #doorway: Doorway

  constructor(open: (handler: WireHandler) => Wire, doorway: Doorway) {
    this.#doorway = doorway
    this.wire = open(this)
    doorway.deadlines.add(this)
    this.deadline = doorway.deadlines.in(doorway.readTimeout)
  }

  /** The proxy stops: what is on its way already is still answered. */
  stop(): void {
    this.deadline = Math.min(this.deadline, this.#doorway.deadlines.in(LAST_CHANCE_MS))
  }

  /** Closes at once. */
  destroy(): void {
    this.wire.reset()
  }

  onBytes(bytes: Buffer): void {
    this.deadline = NEVER
    this.#doorway.deadlines.remove(this)
    if (bytes[0] === TLS_HANDSHAKE) this.#doorway.secure(this, bytes)
    else this.#doorway.plain(this, bytes)
  }

  onEnd(): void {
    this.wire.destroy()
  }

  onDrain(): void {
    // Nothing is ever written.
  }

  onClose(): void {
    this.deadline = NEVER
    this.#doorway.deadlines.remove(this)
    this.#doorway.closed(this)
  }

  expired(): void {
    this.wire.destroy()
  }
}
