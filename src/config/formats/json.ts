import type { Problem } from '../problem.ts'
import type { SourceNode } from '../source-tree.ts'
import { doubleKey, guarded, MAX_DEPTH, Refusal, syntaxProblem } from './parsed.ts'
import type { Parsed } from './parsed.ts'
import { numberOrText, TextList, TextScalar, TextSection } from './text-nodes.ts'
import type { TextPlace } from './text-nodes.ts'

/** Strict JSON: `JSON.parse` decides what is valid; what it takes is then read once more for the positions. */
export function parseJson(text: string, file: string): Parsed {
  return guarded(file, () => {
    const fault = jsonFault(text)
    if (fault) {
      const origin = { source: file, ...lineAndColumn(text, fault.offset) }
      return { node: undefined, problems: [syntaxProblem(fault.message, origin)] }
    }
    const reader = new PlaceReader(text, file)
    const node = reader.value(undefined, 0)
    const empty = node.kind === 'scalar' && node.value === null
    return { node: empty ? undefined : node, problems: reader.problems }
  })
}

const WORD = /[^\s,\]}]+/y
const CODE = { lineFeed: 0x0a, space: 0x20, quote: 0x22, list: 0x5b, escape: 0x5c, section: 0x7b } as const

/**
 * Makes the tree of a text that is known to be valid, so that nothing is checked here. The YAML parser would do it
 * too, JSON being YAML, but takes ten times as long and leaves hundreds of megabytes behind for 10,000 routers.
 */
class PlaceReader {
  readonly problems: Problem[] = []
  readonly #text: string
  readonly #file: string
  #at = 0
  #line = 1
  #lineStart = 0
  /** Equal texts are kept once: configuration says the same few words again and again. */
  readonly #strings = new Map<string, string>()

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
  }

  value(key: TextPlace['key'], depth: number): SourceNode {
    const place = { file: this.#file, ...this.#place(), key }
    const code = this.#text.charCodeAt(this.#at)
    if (code === CODE.quote) return new TextScalar(this.#string(), place)
    if (code !== CODE.section && code !== CODE.list) return new TextScalar(this.#word(), place)
    if (depth === MAX_DEPTH) {
      const { line, column } = place
      const origin = { source: this.#file, line, column }
      throw new Refusal(`sections are nested more than ${MAX_DEPTH} deep`, origin)
    }
    return code === CODE.section ? this.#section(place, depth) : this.#list(place, depth)
  }

  #section(place: TextPlace, depth: number): SourceNode {
    const entries = new Map<string, SourceNode>()
    for (let more = this.#enter('}'); more; more = this.#goOn()) {
      const key = this.#place()
      const name = this.#string()
      if (entries.has(name)) this.problems.push(doubleKey(name, { source: this.#file, ...key }))
      this.#skipSpace()
      this.#at++ // The colon.
      entries.set(name, this.value(key, depth + 1))
    }
    return new TextSection(entries, place)
  }

  #list(place: TextPlace, depth: number): SourceNode {
    const items: SourceNode[] = []
    for (let more = this.#enter(']'); more; more = this.#goOn()) items.push(this.value(undefined, depth + 1))
    return new TextList(items, place)
  }

  /** Behind the bracket that opens; false when nothing stands before the one that closes. */
  #enter(end: string): boolean {
    this.#at++
    this.#skipSpace()
    if (this.#text[this.#at] !== end) return true
    this.#at++
    return false
  }

  /** Behind the comma, or behind the bracket that closes, and then false. */
  #goOn(): boolean {
    this.#skipSpace()
    return this.#text[this.#at++] === ','
  }

  #string(): string {
    const start = this.#at
    let escaped = false
    for (let code = this.#text.charCodeAt(++this.#at); code !== CODE.quote;) {
      if (code === CODE.escape) {
        escaped = true
        this.#at++
      }
      code = this.#text.charCodeAt(++this.#at)
    }
    this.#at++
    const text = escaped
      ? (JSON.parse(this.#text.slice(start, this.#at)) as string)
      : this.#text.slice(start + 1, this.#at - 1)
    return this.#strings.getOrInsert(text, text)
  }

  #word(): string | number | boolean | null {
    WORD.lastIndex = this.#at
    const [word] = WORD.exec(this.#text)!
    this.#at += word.length
    const value = JSON.parse(word) as number | boolean | null
    return typeof value === 'number' ? numberOrText(value, word) : value
  }

  /** Where the next thing stands. Lines end in the space between things alone. */
  #place(): { readonly line: number; readonly column: number } {
    this.#skipSpace()
    return { line: this.#line, column: this.#at - this.#lineStart + 1 }
  }

  #skipSpace(): void {
    for (let code = this.#text.charCodeAt(this.#at); code <= CODE.space;) {
      if (code === CODE.lineFeed) {
        this.#line++
        this.#lineStart = this.#at + 1
      }
      code = this.#text.charCodeAt(++this.#at)
    }
  }
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** What is wrong with a text as JSON, or undefined. The text itself is never quoted beyond one character. */
function jsonFault(text: string): { message: string; offset: number } | undefined {
  const message = parseMessage(text)
  if (message === undefined) return undefined
  const [, what, position] = /^(.*?)(?: in JSON)?(?: after JSON)? at position (\d+)/.exec(message) ?? []
  if (what !== undefined) return { message: `not JSON: ${lowerFirst(what)}`, offset: Number(position) }
  if (!isUnexpectedToken(message))
    return { message: 'not JSON: the text ends too early', offset: text.length }
  const offset = offsetOfToken(text)
  return { message: `not JSON: unexpected ${JSON.stringify(text.charAt(offset))}`, offset }
}

/**
 * V8 names no position for an unexpected token. It is the last character of the shortest prefix that is refused
 * for a token: every shorter prefix is refused for having ended, if at all.
 */
function offsetOfToken(text: string): number {
  let low = 1
  let high = text.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isUnexpectedToken(parseMessage(text.slice(0, middle)))) high = middle
    else low = middle + 1
  }
  return low - 1
}

function parseMessage(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function isUnexpectedToken(message: string | undefined): boolean {
  return message?.startsWith('Unexpected token') === true
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
