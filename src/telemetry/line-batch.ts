export interface LineBatchOptions {
  /** Takes whole lines, each with its line feed, in memory that is its own from then on; must not wait. */
  readonly send: (lines: Uint8Array<ArrayBuffer>) => void
  /** Milliseconds that a line may wait. Default 100. */
  readonly delay?: number
  /** Bytes that are sent without waiting. Default 128 KiB: a message of that size costs less than its lines. */
  readonly size?: number
}

/** Characters that are written together: each call of native code costs as much as a few hundred of them. */
const TOGETHER = 4_096
/** Bytes that a character may take as UTF-8; two that are one code point take no more. */
const MOST_BYTES = 3
/** Batches up to this part of the memory are copied, and the memory is kept. */
const SMALL = 1 / 8

/**
 * Gathers a worker's access log lines, since a message per line would cost more than the line. They are soon written
 * where they stay: texts that wait to be joined are moved by the collector again and again (docs/decisions/0016).
 */
export class LineBatch {
  readonly #send: (lines: Uint8Array<ArrayBuffer>) => void
  readonly #delay: number
  readonly #size: number
  #bytes: Buffer<ArrayBuffer> | undefined
  #used = 0
  /** Lines that are not written yet. */
  #text = ''
  #timer: NodeJS.Timeout | undefined

  constructor({ send, delay = 100, size = 128 * 1024 }: LineBatchOptions) {
    this.#send = send
    this.#delay = delay
    this.#size = size
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
    if (this.#used + most > this.#size) this.#hand()
    this.#bytes ??= Buffer.allocUnsafeSlow(Math.max(this.#size, most))
    if (this.#bytes.length < most) this.#bytes = Buffer.allocUnsafeSlow(most)
    this.#used += this.#bytes.write(text, this.#used, 'utf8')
  }

  #hand(): void {
    const bytes = this.#bytes
    const used = this.#used
    this.#used = 0
    if (bytes === undefined || used === 0) return
    if (used < bytes.length * SMALL) {
      this.#send(new Uint8Array(bytes.subarray(0, used)))
      return
    }
    this.#bytes = undefined
    this.#send(bytes.subarray(0, used))
  }
}
