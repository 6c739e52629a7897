/** One word of an expression, with its place in the text. */
export interface Token {
  readonly kind: 'name' | 'string' | '&&' | '||' | '!' | '(' | ')' | ',' | 'end'
  /** The name itself, or the string's value. */
  readonly text: string
  readonly offset: number
  readonly length: number
}

/** What is wrong with an expression, and where. */
export interface RuleError {
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string
  /** Where it begins, in UTF-16 units from 0. */
  readonly offset: number
  readonly length: number
}

/** Thrown within this folder only: `parseRule` turns it into a value. */
export class ExpressionError extends Error {
  readonly at: RuleError

  constructor(at: RuleError) {
    super(at.message)
    this.at = at
  }
}

const WORD = /[A-Za-z_][A-Za-z0-9_.]*/y
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"',
}

/**
 * The words of an expression in Go's syntax: calls with back-ticked or double-quoted strings, `&&`, `||`, `!`.
 * @throws ExpressionError
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    const token = tokenAt(text, at)
    tokens.push(token)
    at += token.length
  }
  tokens.push({ kind: 'end', text: '', offset: text.length, length: 1 })
  return tokens
}

function tokenAt(text: string, at: number): Token {
  const character = text[at]!
  if (character === '(' || character === ')' || character === ',' || character === '!') {
    return { kind: character, text: character, offset: at, length: 1 }
  }
  const pair = text.slice(at, at + 2)
  if (pair === '&&' || pair === '||') return { kind: pair, text: pair, offset: at, length: 2 }
  if (character === '`') return backTicked(text, at)
  if (character === '"') return quoted(text, at)
  WORD.lastIndex = at
  const [word] = WORD.exec(text) ?? []
  if (word !== undefined) return { kind: 'name', text: word, offset: at, length: word.length }
  throw new ExpressionError({ ...unexpected(character), offset: at, length: 1 })
}

function unexpected(character: string): { message: string; remedy?: string } {
  if (character === "'") return { message: 'single quotes do not make a string', remedy: 'use back-ticks: `text`' }
  if (character === '&' || character === '|') return { message: `a single \`${character}\` means nothing`, remedy: `write \`${character}${character}\`` }
  return { message: `unexpected character \`${character}\`` }
}

function backTicked(text: string, at: number): Token {
  const end = text.indexOf('`', at + 1)
  if (end < 0) throw new ExpressionError({ message: 'the back-tick here is never closed', remedy: 'put a back-tick behind the text', offset: at, length: 1 })
  return { kind: 'string', text: text.slice(at + 1, end), offset: at, length: end + 1 - at }
}

function quoted(text: string, at: number): Token {
  let value = ''
  let i = at + 1
  while (i < text.length && text[i] !== '"') {
    if (text[i] !== '\\') value += text[i++]
    else {
      const [character, length] = escapeAt(text, i)
      value += character
      i += length
    }
  }
  if (i >= text.length) throw new ExpressionError({ message: 'the quote here is never closed', remedy: 'put a quote behind the text', offset: at, length: 1 })
  return { kind: 'string', text: value, offset: at, length: i + 1 - at }
}

/** Go's escapes: one letter, `\xHH`, `\uHHHH`. */
function escapeAt(text: string, at: number): readonly [string, number] {
  const letter = text[at + 1] ?? ''
  const simple = ESCAPES[letter]
  if (simple !== undefined) return [simple, 2]
  const [, hex] = /^(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))/.exec(text.slice(at + 1, at + 6)) ?? []
  const digits = hex ?? /^u([0-9A-Fa-f]{4})/.exec(text.slice(at + 1, at + 6))?.[1]
  if (digits !== undefined) return [String.fromCharCode(Number.parseInt(digits, 16)), digits.length + 2]
  throw new ExpressionError({ message: `\`\\${letter}\` is no escape`, remedy: 'use back-ticks, in which nothing is escaped', offset: at, length: 2 })
}
