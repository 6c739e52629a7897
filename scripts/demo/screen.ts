import { styleText } from 'node:util'
import type { WriteStream } from 'node:tty'

type Style = Parameters<typeof styleText>[0]

/** What a person sees: lines that stay, and below them one that is kept up to date where that is possible. */
export class Screen {
  readonly #out: WriteStream
  #live = ''

  constructor(out: WriteStream) {
    this.#out = out
  }

  /** Colours the text, unless the output is no terminal or NO_COLOR is set. */
  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#out })
  }

  line(text = ''): void {
    this.#erase()
    this.#out.write(`${text}\n`)
    this.#draw()
  }

  /** Replaces the live line; without a terminal there is none. */
  live(text: string): void {
    this.#erase()
    this.#live = text
    this.#draw()
  }

  #erase(): void {
    if (this.#out.isTTY && this.#live !== '') this.#out.write('\r\u001b[K')
  }

  #draw(): void {
    if (this.#out.isTTY) this.#out.write(this.#live)
  }
}
