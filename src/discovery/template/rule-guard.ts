import { RenderError } from './values.ts'

/**
 * Takes the pieces of a rule and watches its literals. What a template's author wrote may open and close them;
 * what comes from instances may not: a service that is called ``a`) || Host(`b`` must not get b's requests.
 */
export class RuleGuard {
  readonly #longest: number
  #text = ''
  /** The character that closes the literal in which the text ends, if it ends in one. */
  #open: '`' | '"' | '' = ''
  #inHost = false
  /** The text ends in the backslash of an escape. */
  #escaping = false

  constructor(longest: number) {
    this.#longest = longest
  }

  get text(): string {
    return this.#text
  }

  /** Text of the template itself. */
  trusted(text: string): void {
    for (let at = 0; at < text.length; at++) this.#follow(text, at)
    this.#append(text)
  }

  /**
   * Text that was computed. `tainted` says that the computation saw data which could open or close a literal.
   * @throws RenderError when it could mean more than a value
   */
  computed(text: string, tainted: boolean): void {
    if (text === '') return
    if (CONTROL.test(text)) throw new RenderError('a value in it holds a control character')
    if (this.#open === '') {
      if (tainted)
        throw new RenderError('a value in it, outside of a literal, holds a back-tick, quote or backslash')
      this.trusted(text)
      return
    }
    if (text.includes(this.#open) || (this.#open === '"' && text.includes('\\'))) {
      throw new RenderError(
        `a value in it holds ${this.#open === '"' ? 'a quote or backslash' : 'a back-tick'}, which would end the literal`,
      )
    }
    if (this.#inHost && NOT_IN_HOST.test(text)) {
      throw new RenderError('a value in it holds a character that cannot stand in a host')
    }
    this.#append(text)
  }

  #follow(text: string, at: number): void {
    const character = text[at]!
    if (this.#open === '') {
      if (character !== '`' && character !== '"') return
      this.#open = character
      this.#inHost = /\bHost(?:SNI)?\s*\(\s*$/i.test(
        this.#text.slice(-40) + text.slice(Math.max(0, at - 40), at),
      )
    } else if (this.#escaping) {
      this.#escaping = false
    } else if (this.#open === '"' && character === '\\') {
      this.#escaping = true
    } else if (character === this.#open) {
      this.#open = ''
    }
  }

  #append(text: string): void {
    if (this.#text.length + text.length > this.#longest)
      throw new RenderError(`it is longer than ${this.#longest} characters`)
    this.#text += text
  }
}

// Format characters and lone surrogates look like nothing, and so could hide what a rule says.
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u
// Letters of other scripts are left to the rule language, which says what to write instead.
const NOT_IN_HOST = /[^\u{80}-\u{10ffff}A-Za-z0-9._-]/u
/** Data with one of these can change what a rule means. */
export const DELIMITERS = /[`"\\]/
