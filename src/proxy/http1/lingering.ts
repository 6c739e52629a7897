import type { Deadlines, Timed } from '../deadlines.ts'
import type { Wire } from '../wire.ts'

/** Bytes of a refused or unwanted body that are read and thrown away rather than resetting the connection. */
const MAX_DISCARDED_BYTES = 64 * 1024
/** Milliseconds that a closing connection waits for its client to take the answer. */
const LINGER_MS = 1_000

/**
 * The end of a connection: our side is closed, and the client's is waited for. To close both with bytes unread would
 * make the system send a reset, which can throw the answer away before the client has read it.
 */
export class Lingering {
  readonly #wire: Wire
  readonly #connection: Timed
  readonly #deadlines: Deadlines
  #discarded = 0
  /** Everything is answered; what still comes is thrown away. */
  begun = false

  constructor(wire: Wire, connection: Timed, deadlines: Deadlines) {
    this.#wire = wire
    this.#connection = connection
    this.#deadlines = deadlines
  }

  /** Closes our side. While a slow client still takes its answer, only the write time-out counts. */
  begin(writeTimeout: number): void {
    this.begun = true
    this.#wire.end()
    if (this.#wire.backlog === 0) {
      this.#awaitEnd()
      return
    }
    this.#connection.deadline = Math.min(this.#connection.deadline, this.#deadlines.in(writeTimeout))
    this.#wire.socket.once('finish', () => this.#awaitEnd())
  }

  /** So many bytes came that nobody wants: read to a limit, since unread ones turn the end into a reset; then left lying. */
  discard(length: number): void {
    this.#discarded += length
    if (this.#discarded > MAX_DISCARDED_BYTES) this.#wire.pause()
  }

  #awaitEnd(): void {
    this.#connection.deadline = this.#deadlines.in(LINGER_MS)
  }
}
