import { write } from 'node:fs'
import type { Output } from './output.ts'
import { closeOutput } from './output.ts'

export interface LineSinkOptions {
  /** The sink's own from then on. */
  readonly output: Output
  /** Bytes that may wait. */
  readonly maxWaiting: number
  /** A write has failed; it is tried again with the next one, or by `flush`. */
  readonly failed: (error: Error) => void
  readonly wrote: () => void
}

interface Piece {
  bytes: Buffer
  readonly done: (() => void) | undefined
}

/** Milliseconds before a pipe that took nothing is tried again. */
const RETRY_EVERY = 100

/**
 * Writes pieces one after the other in a thread of libuv's, from where they are. The library that did so before copied
 * each of them first: half of what the access log cost the control plane (docs/decisions/0016).
 */
export class LineSink {
  readonly #options: LineSinkOptions
  readonly #queue: Piece[] = []
  #output: Output
  #next: Output | undefined
  #waiting = 0
  #writing = false
  #closed = false
  #retry: NodeJS.Timeout | undefined
  #onEmpty: (() => void) | undefined
  readonly #onWritten = (error: Error | null, bytes: number): void => this.#written(error, bytes)

  constructor(options: LineSinkOptions) {
    this.#options = options
    this.#output = options.output
  }

  /** False when they are lost since too much waits. `done`: they are written, and their memory is not needed any more. */
  write(bytes: Buffer, done?: () => void): boolean {
    if (this.#closed || this.#waiting + bytes.length > this.#options.maxWaiting) return false
    this.#queue.push({ bytes, done })
    this.#waiting += bytes.length
    if (this.#retry === undefined) this.flush()
    return true
  }

  /** Tries again what could not be written. */
  flush(): void {
    const first = this.#queue[0]
    if (first === undefined || this.#writing || this.#closed) return
    this.#writing = true
    write(this.#output.fd, first.bytes, this.#onWritten)
  }

  /** What is not being written yet goes there. */
  replace(output: Output): void {
    if (this.#next) closeOutput(this.#next)
    this.#next = output
    this.#turnToNext()
  }

  /** Takes nothing more; resolves when what waits is written, or lost after so many milliseconds. */
  async close(patience: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onEmpty = resolve
    const giveUp = setTimeout(resolve, patience)
    if (this.#queue.length === 0) resolve()
    this.flush()
    await promise
    clearTimeout(giveUp)
    clearTimeout(this.#retry)
    this.#closed = true
    // A thread that is still writing would write to whatever gets the number of the descriptor next.
    if (!this.#writing) closeOutput(this.#output)
  }

  #written(error: Error | null, bytes: number): void {
    this.#writing = false
    this.#turnToNext()
    if (!error) this.#advance(bytes)
    else if (isNotReady(error)) this.#retryLater()
    else this.#options.failed(error)
  }

  #advance(bytes: number): void {
    const first = this.#queue[0]!
    this.#waiting -= bytes
    if (bytes < first.bytes.length) first.bytes = first.bytes.subarray(bytes)
    else {
      this.#queue.shift()
      first.done?.()
    }
    this.#options.wrote()
    if (this.#queue.length === 0) this.#onEmpty?.()
    this.flush()
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.flush()
    }, RETRY_EVERY)
  }

  #turnToNext(): void {
    if (this.#next === undefined || this.#writing) return
    closeOutput(this.#output)
    this.#output = this.#next
    this.#next = undefined
  }
}

function isNotReady(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EAGAIN' || error.code === 'EBUSY'
}
