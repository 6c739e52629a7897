import type { Word } from './lexer.ts'
import { TemplateError } from './tree.ts'

/** A place among the words of one action. */
export class Cursor {
  readonly #words: readonly Word[]
  readonly #end: number
  #at = 0

  constructor(words: readonly Word[], end: number) {
    this.#words = words
    this.#end = end
  }

  peek(ahead = 0): Word | undefined {
    return this.#words[this.#at + ahead]
  }

  take(): Word {
    const word = this.#words[this.#at++]
    if (word === undefined) throw new TemplateError(this.#end, 'a value is missing')
    return word
  }

  skip(count: number): void {
    this.#at += count
  }

  isSign(text: string, ahead = 0): boolean {
    const word = this.peek(ahead)
    return word?.kind === 'sign' && word.text === text
  }

  takeSign(text: string): boolean {
    if (!this.isSign(text)) return false
    this.#at++
    return true
  }

  startsOperand(): boolean {
    const word = this.peek()
    return word !== undefined && (word.kind !== 'sign' || word.text === '(' || word.text === '.')
  }
}
