export interface LineBatchOptions {
  /** Takes whole lines, each with its line feed; must not wait. */
  readonly send: (lines: string) => void
  /** Milliseconds that a line may wait. Default 100. */
  readonly delay?: number
  /** Characters that are sent without waiting. Default 32 Ki: a message of that size costs less than its lines. */
  readonly size?: number
}

/** Gathers a worker's access log lines, since a message per line would cost more than the line. */
export class LineBatch {
  readonly #send: (lines: string) => void
  readonly #delay: number
  readonly #size: number
  #lines = ''
  #timer: NodeJS.Timeout | undefined

  constructor({ send, delay = 100, size = 32 * 1024 }: LineBatchOptions) {
    this.#send = send
    this.#delay = delay
    this.#size = size
  }

  /** Takes one whole line with its line feed. */
  add(line: string): void {
    this.#lines += line
    if (this.#lines.length >= this.#size) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#delay).unref()
  }

  /** Sends what is there. To be called before a worker ends: its timer keeps no thread alive. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#lines
    this.#lines = ''
    if (lines !== '') this.#send(lines)
  }
}
