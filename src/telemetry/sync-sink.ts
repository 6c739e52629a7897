import { writeSync } from 'node:fs'
import type { Output } from './output.ts'
import { closeOutput, fileOutput, inheritedOutput } from './output.ts'

export interface SyncSinkOptions {
  /** A file to append to; otherwise `fd`. */
  readonly filePath?: string
  /** Default 1: standard output. */
  readonly fd?: number
  /** Bytes that may wait while the reader does not read. Default 1 MiB. */
  readonly maxWaiting?: number
}

const RETRY_EVERY = 50
const FLUSH_STEPS = 20

/**
 * Writes each line before `write` returns, so that a crash right after it loses nothing; only when the reader of
 * a pipe does not keep up do lines wait, in a bounded queue, since a stuck log reader must not stop discovery and
 * health checks. Nothing here throws once it is open: what cannot be written is counted.
 */
export class SyncSink {
  readonly #filePath: string | undefined
  readonly #maxWaiting: number
  #output: Output
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #retry: NodeJS.Timeout | undefined
  #dropped = 0
  #closed = false

  /** @throws Error of `fs` when the file cannot be opened */
  constructor({ filePath, fd = 1, maxWaiting = 1024 * 1024 }: SyncSinkOptions) {
    this.#filePath = filePath
    this.#maxWaiting = maxWaiting
    this.#output = filePath === undefined ? inheritedOutput(fd) : fileOutput(filePath)
  }

  /** Lines that are lost because the reader was stuck or the disk full. */
  get dropped(): number {
    return this.#dropped
  }

  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#closed || this.#waitingBytes + bytes.length > this.#maxWaiting) {
      this.#dropped++
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (!this.#retry) this.#drain()
  }

  /**
   * Opens the file anew after it was rotated away; without a file, nothing is done.
   * @throws Error of `fs` when that is not possible; the old file then stays in use
   */
  reopen(): void {
    if (this.#filePath === undefined || this.#closed) return
    const next = fileOutput(this.#filePath)
    this.#drain()
    closeOutput(this.#output)
    this.#output = next
  }

  /** Tries for up to a fifth of a second to write what waits. */
  flush(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let step = 0; step < FLUSH_STEPS && this.#waiting.length > 0; step++) {
      this.#drain()
      if (this.#waiting.length > 0) Atomics.wait(pause, 0, 0, 10)
    }
  }

  close(): void {
    if (this.#closed) return
    this.flush()
    this.#closed = true
    clearTimeout(this.#retry)
    closeOutput(this.#output)
  }

  #drain(): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const written = this.#tryWrite(first)
      if (written === undefined) return
      this.#waitingBytes -= written
      if (written < first.length) this.#waiting[0] = first.subarray(written)
      else this.#waiting.shift()
    }
  }

  /** Bytes that are off our hands, or undefined when the reader is not ready. */
  #tryWrite(bytes: Buffer): number | undefined {
    try {
      return writeSync(this.#output.fd, bytes)
    } catch (error) {
      if (isNotReady(error)) {
        this.#retry = setTimeout(() => this.#drain(), RETRY_EVERY).unref()
        return undefined
      }
      this.#dropped++
      return bytes.length
    }
  }
}

function isNotReady(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY')
}
