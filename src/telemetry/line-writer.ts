import { LineSink } from './line-sink.ts'
import { PIPE_BUF, fileOutput, inheritedOutput } from './output.ts'
import { giveBack, linesIn } from './shared-lines.ts'
import type { SharedLines } from './shared-lines.ts'

export interface LineWriterOptions {
  /** A file to append to; otherwise `fd`. */
  readonly filePath?: string
  /** Default 1: standard output. */
  readonly fd?: number
  /** Lines that are gathered before they are written, for a second at most. 0: written at once. */
  readonly bufferingSize?: number
  /** Bytes that may wait while the sink does not take any. Default 4 MiB. */
  readonly maxWaiting?: number
  /** Told once when the sink begins to fail, and once when it takes lines again. */
  readonly report?: (message: string) => void
}

const FLUSH_EVERY = 1_000

/**
 * The one writer of the access log, in the main thread: workers hand it whole lines in batches, since two threads
 * that write to one pipe tear each other's lines. It never waits and never throws: when the sink is stuck or the
 * disk full, a bounded amount waits and the rest is dropped and counted.
 */
export class LineWriter implements AsyncDisposable {
  readonly #filePath: string | undefined
  readonly #bufferingSize: number
  readonly #report: (message: string) => void
  readonly #pipe: boolean
  readonly #sink: LineSink
  readonly #timer: NodeJS.Timeout
  #gathered: Buffer[] = []
  #gatheredLines = 0
  #dropped = 0
  #errors = 0
  #failing = false
  #dropping = false
  #closed = false

  /** @throws Error of `fs` when the file cannot be opened */
  constructor(options: LineWriterOptions = {}) {
    const { filePath, fd = 1, bufferingSize = 0, maxWaiting = 4 * 1024 * 1024 } = options
    this.#filePath = filePath
    this.#bufferingSize = bufferingSize
    this.#report = options.report ?? (() => undefined)
    const output = filePath === undefined ? inheritedOutput(fd) : fileOutput(filePath)
    this.#pipe = output.pipe
    this.#sink = new LineSink({
      output,
      maxWaiting,
      failed: (error) => this.#failed(error),
      wrote: () => this.#wrote(),
    })
    this.#timer = setInterval(() => this.#tick(), FLUSH_EVERY).unref()
  }

  /** Lines that were lost. */
  get dropped(): number {
    return this.#dropped
  }

  /** Writes that failed. */
  get errors(): number {
    return this.#errors
  }

  /** Takes any number of whole lines, each with its line feed. */
  write(text: string | Uint8Array<ArrayBuffer>): void {
    const lines = bytesOf(text)
    if (this.#closed) this.#lose(lines)
    else if (this.#bufferingSize === 0) this.#hand(lines)
    else this.#gather(lines)
  }

  /** Takes a worker's lines. A file is written from their memory; whatever waits for longer is copied. */
  take(lines: SharedLines): void {
    const bytes = linesIn(lines)
    const back = (): void => giveBack(lines)
    if (!this.#closed && !this.#pipe && this.#bufferingSize === 0) {
      if (!this.#put(bytes, back)) back()
      return
    }
    this.write(new Uint8Array(bytes))
    back()
  }

  /** Opens the file anew after it was rotated away (SIGUSR1). Without a file, nothing is done. */
  reopen(): void {
    if (this.#filePath === undefined || this.#pipe || this.#closed) return
    this.#release()
    try {
      this.#sink.replace(fileOutput(this.#filePath))
    } catch (error) {
      this.#failed(error as Error)
    }
  }

  /** Writes what waits, for at most so many milliseconds; what is then left is lost and counted. */
  async close(patience = 1_000): Promise<void> {
    if (this.#closed) return
    this.#release()
    this.#closed = true
    clearInterval(this.#timer)
    await this.#sink.close(patience)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #gather(lines: Buffer): void {
    this.#gathered.push(lines)
    this.#gatheredLines += countLines(lines)
    if (this.#gatheredLines >= this.#bufferingSize) this.#release()
  }

  #release(): void {
    this.#gatheredLines = 0
    for (const lines of this.#gathered.splice(0)) this.#hand(lines)
  }

  #hand(lines: Buffer): void {
    if (!this.#pipe) this.#put(lines)
    else for (const piece of wholeLines(lines, PIPE_BUF)) this.#put(piece)
  }

  /** False when they are lost. */
  #put(lines: Buffer, done?: () => void): boolean {
    const taken = this.#sink.write(lines, done)
    if (!taken) this.#lose(lines)
    return taken
  }

  /** Writes what has been gathered for a second, and what a failed write left behind. */
  #tick(): void {
    this.#release()
    this.#sink.flush()
  }

  #lose(lines: Buffer): void {
    this.#dropped += countLines(lines)
    if (this.#dropping) return
    this.#dropping = true
    this.#report('the access log does not take lines as fast as they come: some are dropped')
  }

  #failed(error: Error): void {
    this.#errors++
    if (this.#failing) return
    this.#failing = true
    this.#report(`the access log cannot be written: ${error.message}`)
  }

  #wrote(): void {
    if (this.#failing || this.#dropping) {
      this.#report(`the access log is written again; ${this.#dropped} lines are lost so far`)
    }
    this.#failing = false
    this.#dropping = false
  }
}

/** Cuts at line ends, into pieces of at most `limit` bytes; a longer line is a piece of its own. */
export function wholeLines(lines: Buffer, limit: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let start = 0; start < lines.length;) {
    const end = pieceEnd(lines, start, limit)
    pieces.push(lines.subarray(start, end))
    start = end
  }
  return pieces
}

function pieceEnd(lines: Buffer, start: number, limit: number): number {
  if (lines.length - start <= limit) return lines.length
  const last = lines.lastIndexOf(LINE_FEED, start + limit - 1)
  if (last >= start) return last + 1
  const next = lines.indexOf(LINE_FEED, start + limit)
  return next < 0 ? lines.length : next + 1
}

const LINE_FEED = 10

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(LINE_FEED); at >= 0; at = lines.indexOf(LINE_FEED, at + 1)) count++
  return count
}

function bytesOf(lines: string | Uint8Array): Buffer {
  return typeof lines === 'string'
    ? Buffer.from(lines)
    : Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
}
