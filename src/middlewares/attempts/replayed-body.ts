import type { BodyProducer } from '../../middleware.ts'
import { Body } from '../../middleware.ts'
import type { RepeatableBody } from './attempts.ts'

/**
 * A request body that is sent again with each attempt. Attempts read it as it comes; what one of them has taken is
 * kept, up to a limit, so that the next one can begin from the first byte. An attempt that gives up takes nothing away.
 */
export class ReplayedBody implements RepeatableBody {
  readonly #source: Body
  readonly #limit: number
  #kept: Buffer[] | undefined = []
  #keptBytes = 0
  #current: Attempt | undefined = undefined
  #last = false

  constructor(source: Body, limit: number) {
    this.#source = source
    this.#limit = limit
    if (source.length !== undefined && source.length > limit) this.#kept = undefined
  }

  get replayable(): boolean {
    if (this.#source.error || this.#source.cancelled) return false
    return this.#kept !== undefined || this.#source.received === this.#source.buffered
  }

  next(): Body {
    this.#current?.end()
    this.#current = new Attempt(
      this.#source,
      [...(this.#kept ?? [])],
      (chunk) => this.#keep(chunk),
      () => this.#cancelled(),
    )
    return this.#current.body
  }

  release(): void {
    this.#kept = undefined
    this.#last = true
    if (this.#current?.body.cancelled) this.#source.cancel()
  }

  #cancelled(): void {
    if (this.#last) this.#source.cancel()
  }

  #keep(chunk: Buffer): void {
    if (!this.#kept) return
    this.#keptBytes += chunk.length
    if (this.#keptBytes <= this.#limit) this.#kept.push(chunk)
    else this.#kept = undefined
  }
}

/** What one attempt reads: what was kept, and then what comes. */
class Attempt implements BodyProducer {
  readonly body: Body
  readonly #source: Body
  readonly #before: Buffer[]
  readonly #taken: (chunk: Buffer) => void
  readonly #cancelled: () => void
  #over = false
  #waiting = false

  constructor(source: Body, before: Buffer[], taken: (chunk: Buffer) => void, cancelled: () => void) {
    this.#source = source
    this.#before = before
    this.#taken = taken
    this.#cancelled = cancelled
    this.body = new Body(source.length, this)
  }

  demand(): void {
    this.#pull()
  }

  resume(): void {
    this.#pull()
  }

  cancel(): void {
    this.end()
    this.#cancelled()
  }

  end(): void {
    this.#over = true
    // Whoever waits for the source next is the next attempt.
    if (this.#waiting) this.#source.onReadable(() => {})
  }

  #pull(): void {
    while (!this.#over && !this.#waiting) {
      const chunk = this.#before.shift() ?? this.#takeNew()
      if (chunk === undefined) return this.#settle()
      if (!this.body.push(chunk)) return
    }
  }

  #takeNew(): Buffer | undefined {
    const chunk = this.#source.take()
    if (chunk !== undefined) this.#taken(chunk)
    return chunk
  }

  /** Nothing is at hand. */
  #settle(): void {
    if (this.#source.error) {
      this.#over = true
      this.body.fail(this.#source.error)
    } else if (this.#source.done) {
      this.#over = true
      this.body.end(this.#source.trailers)
    } else {
      this.#waiting = true
      this.#source.onReadable(() => {
        this.#waiting = false
        this.#pull()
      })
    }
  }
}
