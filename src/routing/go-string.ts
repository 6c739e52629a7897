import { failure } from './rule-error.ts'

/** A string literal: what it stands for, and how long it is in the text, its quotes included. */
export interface StringLiteral {
  readonly value: string
  readonly length: number
}

/**
 * Reads the string that begins with the quote at `at`: raw between back-ticks, with Go's escapes between double quotes.
 * @throws ExpressionError when it is not closed or holds what is no escape
 */
export function readString(text: string, at: number): StringLiteral {
  return text[at] === '`' ? readRaw(text, at) : readQuoted(text, at)
}

function readRaw(text: string, at: number): StringLiteral {
  const end = text.indexOf('`', at + 1)
  if (end < 0) {
    throw failure(
      { offset: at, length: 1 },
      'the back-tick here is never closed',
      'put a back-tick behind the text',
    )
  }
  // Go drops carriage returns, so that files with Windows' line ends mean the same.
  return { value: text.slice(at + 1, end).replaceAll('\r', ''), length: end + 1 - at }
}

/** `\x` and octal escapes are bytes, of which several may make one character, so all is gathered as bytes. */
function readQuoted(text: string, at: number): StringLiteral {
  const bytes: Buffer[] = []
  let i = at + 1
  while (text[i] !== '"') {
    const plain = PLAIN.exec(((PLAIN.lastIndex = i), text))?.[0]
    if (plain !== undefined) {
      bytes.push(Buffer.from(plain))
      i += plain.length
    } else if (text[i] === '\\') {
      const escape = readEscape(text, i)
      bytes.push(escape.bytes)
      i += escape.length
    } else {
      throw failure(
        { offset: at, length: 1 },
        'the quote here is never closed',
        'put a quote behind the text',
      )
    }
  }
  return { value: Buffer.concat(bytes).toString(), length: i + 1 - at }
}

const PLAIN = /[^"\\\n]+/y
const ESCAPE =
  /\\(?:(?<letter>[abfnrtv\\"])|x(?<hex>[\dA-Fa-f]{2})|(?<octal>[0-3][0-7]{2})|u(?<short>[\dA-Fa-f]{4})|U(?<long>[\dA-Fa-f]{8}))/y
const LETTERS: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

function readEscape(text: string, at: number): { readonly bytes: Buffer; readonly length: number } {
  ESCAPE.lastIndex = at
  const match = ESCAPE.exec(text)
  const bytes = match && bytesOf(match.groups!)
  if (bytes) return { bytes, length: match[0].length }
  throw failure(
    { offset: at, length: 2 },
    `\`${text.slice(at, at + 2)}\` begins no escape that Go knows`,
    'use back-ticks, in which nothing is escaped',
  )
}

function bytesOf(groups: Readonly<Record<string, string | undefined>>): Buffer | undefined {
  const { letter, hex, octal, short, long } = groups
  if (letter !== undefined) return Buffer.from(LETTERS[letter]!)
  if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)])
  if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)])
  const point = Number.parseInt((short ?? long)!, 16)
  const isCharacter = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
  return isCharacter ? Buffer.from(String.fromCodePoint(point)) : undefined
}
