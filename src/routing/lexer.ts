import { readString } from './go-string.ts'
import { failure } from './rule-error.ts'
import type { ExpressionError } from './rule-error.ts'

/** One word of an expression, with its place in the text. */
export interface Token {
  readonly kind: 'name' | 'string' | '&&' | '||' | '!' | '(' | ')' | ',' | 'end'
  /** The name itself, or the string's value. */
  readonly text: string
  readonly offset: number
  readonly length: number
}

const SPACE = /\s*/y
const WORD = /[A-Za-z_][A-Za-z0-9_.]*/y

/**
 * The words of an expression in Go's syntax: calls with back-ticked or double-quoted strings, `&&`, `||`, `!`.
 * @throws ExpressionError
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let end = 0
  for (let at = behind(SPACE, text, 0); at < text.length; at = behind(SPACE, text, end)) {
    const token = tokenAt(text, at)
    tokens.push(token)
    end = at + token.length
  }
  tokens.push({ kind: 'end', text: '', offset: end, length: 1 })
  return tokens
}

function tokenAt(text: string, offset: number): Token {
  const character = text[offset]!
  if (character === '(' || character === ')' || character === ',' || character === '!') {
    return { kind: character, text: character, offset, length: 1 }
  }
  const pair = text.slice(offset, offset + 2)
  if (pair === '&&' || pair === '||') return { kind: pair, text: pair, offset, length: 2 }
  if (character === '`' || character === '"') {
    const { value, length } = readString(text, offset)
    return { kind: 'string', text: value, offset, length }
  }
  const end = behind(WORD, text, offset)
  if (end === offset) throw unexpected(text, offset)
  return { kind: 'name', text: text.slice(offset, end), offset, length: end - offset }
}

function unexpected(text: string, offset: number): ExpressionError {
  const character = String.fromCodePoint(text.codePointAt(offset)!)
  const place = { offset, length: character.length }
  if (character === "'") return failure(place, 'single quotes do not make a string', 'use back-ticks: `text`')
  if (character === '&' || character === '|') {
    return failure(place, `a single \`${character}\` means nothing`, `write \`${character}${character}\``)
  }
  return failure(place, `unexpected character \`${character}\``)
}

/** The offset behind what the sticky expression finds at `at`; `at` itself when that is nothing. */
function behind(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at
  return sticky.test(text) ? sticky.lastIndex : at
}
