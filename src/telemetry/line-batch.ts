import { LineMemory } from './shared-lines.ts'
import type { LinePiece, SharedLines } from './shared-lines.ts'

export interface LineBatchOptions {
  /** Takes whole lines, each with its line feed, and gives their memory back later; must not wait. */
  readonly send: (lines: SharedLines) => void
  /** Milliseconds that a line may wait. Default 100. */
  readonly delay?: number
  /** Bytes that are sent without waiting. Default 512 KiB: what a message costs is then little against its lines. */
  readonly size?: number
}

/** Characters that are written together: each call of native code costs as much as a few hundred of them. */
const TOGETHER = 4_096
/** Bytes that a character may take as UTF-8; two that are one code point take no more. */
const MOST_BYTES = 3

/**
 * Gathers a worker's access log lines, since a message per line would cost more than the line. They are soon written
 * where they stay: texts that wait to be joined are moved by the collector again and again (docs/decisions/0016).
 */
export class LineBatch {
  readonly #send: (lines: SharedLines) => void
  readonly #delay: number
  readonly #size: number
  readonly #memory: LineMemory
  #piece: LinePiece | undefined
  #used = 0
  /** Lines that are not written yet. */
  #text = ''
  #timer: NodeJS.Timeout | undefined

  constructor({ send, delay = 100, size = 512 * 1024 }: LineBatchOptions) {
    this.#send = send
    this.#delay = delay
    this.#size = size
    this.#memory = new LineMemory(size)
  }

  /** Takes one whole line with its line feed. */
  add(line: string): void {
    this.#text += line
    if (this.#text.length >= TOGETHER || this.#text.length >= this.#size) this.#write()
    this.#timer ??= setTimeout(() => this.flush(), this.#delay).unref()
  }

  /** Sends what is there. To be called before a worker ends: its timer keeps no thread alive. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#write()
    this.#hand()
  }

  #write(): void {
    const text = this.#text
    if (text === '') return
    this.#text = ''
    const most = text.length * MOST_BYTES
    if (this.#piece !== undefined && this.#used + most > this.#piece.bytes.length) this.#hand()
    this.#piece ??= this.#memory.take(most)
    this.#used += this.#piece.bytes.write(text, this.#used, 'utf8')
  }

  #hand(): void {
    const piece = this.#piece
    if (piece === undefined) return
    const length = this.#used
    this.#piece = undefined
    this.#used = 0
    this.#send({ memory: piece.memory, length })
  }
}
