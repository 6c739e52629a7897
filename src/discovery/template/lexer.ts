import { TemplateError } from './tree.ts'

export type Token =
  | { readonly kind: 'text'; readonly text: string; readonly offset: number }
  | { readonly kind: 'action'; readonly words: readonly Word[]; readonly offset: number }

/** A piece of an action. `text` is the name, the sign, or the decoded string. */
export interface Word {
  readonly kind: 'name' | 'field' | 'variable' | 'string' | 'number' | 'sign'
  readonly text: string
  readonly offset: number
  /** White space stands before it: `.A.B` is one operand, `.A .B` are two. */
  readonly spaced: boolean
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
}
const SIGNS = [':=', '=', '|', '(', ')', ',', '.']

/**
 * Splits a template into its texts and its actions, comments dropped and trim markers obeyed.
 * @throws TemplateError
 */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = []
  let trimNext = false
  let at = 0
  while (at < source.length) {
    const open = source.indexOf('{{', at)
    const end = open === -1 ? source.length : open
    const trimmed = open !== -1 && /^-\s/.test(source.slice(open + 2, open + 4))
    const text = trim(source.slice(at, end), trimNext, trimmed)
    if (text !== '') tokens.push({ kind: 'text', text, offset: at })
    if (open === -1) break
    const action = readAction(source, open, open + (trimmed ? 3 : 2))
    if (action.words !== undefined) tokens.push({ kind: 'action', words: action.words, offset: open })
    trimNext = action.trims
    at = action.end
  }
  return tokens
}

function trim(text: string, start: boolean, end: boolean): string {
  const rest = start ? text.trimStart() : text
  return end ? rest.trimEnd() : rest
}

interface Action {
  /** Undefined for a comment. */
  readonly words: readonly Word[] | undefined
  readonly end: number
  /** It ends in `-}}`. */
  readonly trims: boolean
}

function readAction(source: string, open: number, start: number): Action {
  const comment = /^\s*\/\*/.exec(source.slice(start, start + 64))
  if (comment) return readComment(source, open, start + comment[0].length)
  const words: Word[] = []
  let at = start
  for (;;) {
    const spaces = /\s*/y
    spaces.lastIndex = at
    const spaced = (spaces.exec(source)?.[0].length ?? 0) > 0
    at = spaced ? spaces.lastIndex : at
    if (source.startsWith('}}', at)) return { words, end: at + 2, trims: false }
    if (spaced && source.startsWith('-}}', at)) return { words, end: at + 3, trims: true }
    if (at >= source.length) throw new TemplateError(open, 'the action is not closed by `}}`')
    const { word, end } = readWord(source, at, spaced)
    words.push(word)
    at = end
  }
}

function readComment(source: string, open: number, start: number): Action {
  const close = source.indexOf('*/', start)
  const [whole, dash] = close === -1 ? [] : (/^\s*(-?)\}\}/.exec(source.slice(close + 2)) ?? [])
  if (whole === undefined) throw new TemplateError(open, 'the comment is not closed by `*/}}`')
  return { words: undefined, end: close + 2 + whole.length, trims: dash === '-' }
}

function readWord(source: string, at: number, spaced: boolean): { word: Word; end: number } {
  const made = (kind: Word['kind'], text: string, length: number) => ({
    word: { kind, text, offset: at, spaced },
    end: at + length,
  })
  if (source[at] === '"') return quoted(source, at, spaced)
  if (source[at] === '`') {
    const close = source.indexOf('`', at + 1)
    if (close === -1) throw new TemplateError(at, 'the raw string is not closed')
    return made('string', source.slice(at + 1, close), close + 1 - at)
  }
  const [name] = sticky(/[\p{L}_][\p{L}\p{N}_]*/uy, source, at)
  if (name !== undefined) return made('name', name, name.length)
  const [field, fieldName] = sticky(/\.([\p{L}_][\p{L}\p{N}_]*)/uy, source, at)
  if (field !== undefined) return made('field', fieldName!, field.length)
  const [variable] = sticky(/\$[\p{L}\p{N}_]*/uy, source, at)
  if (variable !== undefined) return made('variable', variable, variable.length)
  const [number] = sticky(/[+-]?\d+(?:\.\d+)?/y, source, at)
  if (number !== undefined) return made('number', number, number.length)
  const sign = SIGNS.find((one) => source.startsWith(one, at))
  if (sign !== undefined) return made('sign', sign, sign.length)
  throw new TemplateError(
    at,
    `\`${String.fromCodePoint(source.codePointAt(at)!)}\` cannot stand in an action`,
  )
}

function sticky(pattern: RegExp, source: string, at: number): readonly string[] {
  pattern.lastIndex = at
  return pattern.exec(source) ?? []
}

function quoted(source: string, start: number, spaced: boolean): { word: Word; end: number } {
  let text = ''
  for (let at = start + 1; at < source.length && source[at] !== '\n'; at++) {
    const character = source[at]!
    if (character === '"') return { word: { kind: 'string', text, offset: start, spaced }, end: at + 1 }
    if (character !== '\\') {
      text += character
      continue
    }
    const [code] = sticky(/u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}/y, source, ++at)
    const escape =
      code === undefined ? ESCAPES[source[at] ?? ''] : String.fromCharCode(parseInt(code.slice(1), 16))
    if (escape === undefined) throw new TemplateError(at - 1, 'this escape is not known in a string')
    text += escape
    at += (code?.length ?? 1) - 1
  }
  throw new TemplateError(start, 'the string is not closed')
}
