import sonicBoom from 'sonic-boom'
import type { SonicBoom } from 'sonic-boom'
import type { Output } from './output.ts'
import { PIPE_BUF, closeOutput, fileOutput, inheritedOutput } from './output.ts'

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

const LARGEST_FILE_WRITE = 64 * 1024
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
  readonly #sink: SonicBoom
  readonly #timer: NodeJS.Timeout
  #gathered = ''
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
    this.#sink = this.#open(output, maxWaiting)
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
  write(lines: string): void {
    if (this.#closed) this.#lose(lines)
    else if (this.#bufferingSize === 0) this.#hand(lines)
    else this.#gather(lines)
  }

  /** Opens the file anew after it was rotated away (SIGUSR1). Without a file, nothing is done. */
  reopen(): void {
    if (this.#filePath === undefined || this.#pipe || this.#closed) return
    this.#release()
    this.#sink.reopen(this.#filePath)
  }

  /** Writes what waits, for at most so many milliseconds; what is then left is lost and counted. */
  async close(patience = 1_000): Promise<void> {
    if (this.#closed) return
    this.#release()
    this.#closed = true
    clearInterval(this.#timer)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sink.once('close', resolve)
    const giveUp = setTimeout(() => this.#sink.destroy(), patience)
    this.#sink.end()
    await promise
    clearTimeout(giveUp)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #open(output: Output, maxLength: number): SonicBoom {
    const sink = new sonicBoom.SonicBoom({
      ...this.#target(output),
      sync: false,
      maxLength,
      maxWrite: this.#pipe ? PIPE_BUF : LARGEST_FILE_WRITE,
      mode: 0o644,
    })
    sink.on('drop', (lines: string) => this.#lose(lines))
    sink.on('error', (error: Error) => this.#failed(error))
    sink.on('write', (bytes: number) => {
      if (bytes > 0) this.#wrote()
    })
    return sink
  }

  /** Only a sink that was given a path can be reopened; a named pipe cannot be rotated, and must not block. */
  #target(output: Output): { dest: string } | { fd: number } {
    if (this.#filePath === undefined || output.pipe) return { fd: output.fd }
    closeOutput(output)
    return { dest: this.#filePath }
  }

  #gather(lines: string): void {
    this.#gathered += lines
    this.#gatheredLines += countLines(lines)
    if (this.#gatheredLines >= this.#bufferingSize) this.#release()
  }

  #release(): void {
    const lines = this.#gathered
    this.#gathered = ''
    this.#gatheredLines = 0
    if (lines !== '') this.#hand(lines)
  }

  #hand(lines: string): void {
    if (!this.#pipe) this.#sink.write(lines)
    else for (const piece of wholeLines(lines, PIPE_BUF)) this.#sink.write(piece)
  }

  /** Writes what has been gathered for a second, and what a failed write left behind. */
  #tick(): void {
    this.#release()
    this.#sink.flush()
  }

  #lose(lines: string): void {
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
export function wholeLines(lines: string, limit: number): string[] {
  if (Buffer.byteLength(lines) <= limit) return [lines]
  const pieces: string[] = []
  let piece = ''
  let size = 0
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf('\n', start) + 1 || lines.length
    const line = lines.slice(start, end)
    const bytes = Buffer.byteLength(line)
    if (size + bytes > limit && piece !== '') {
      pieces.push(piece)
      piece = ''
      size = 0
    }
    piece += line
    size += bytes
    start = end
  }
  return piece === '' ? pieces : [...pieces, piece]
}

function countLines(lines: string): number {
  let count = 0
  for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) count++
  return count
}
