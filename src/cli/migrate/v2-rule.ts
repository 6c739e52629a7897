import { tokenize } from '../../routing/lexer.ts'
import type { Token } from '../../routing/lexer.ts'
import { modernCall, written } from '../../routing/older-syntax.ts'
import { ExpressionError } from '../../routing/rule-error.ts'

/** Matchers of version 2 that have another name today. */
const RENAMED: Readonly<Record<string, string>> = {
  headers: 'Header',
  headersregexp: 'HeaderRegexp',
  hostheader: 'Host',
}

/**
 * A rule of Traefik 2 in today's syntax: one value for each call, regular expressions in place of `{name:pattern}`,
 * and the names of today. What is not understood stays as it is, for the parser to complain of.
 */
export function modernSyntax(rule: string): string {
  let tokens: Token[]
  try {
    tokens = tokenize(rule)
  } catch (error) {
    if (error instanceof ExpressionError) return rule
    throw error
  }
  let result = ''
  let done = 0
  for (let at = 0; at < tokens.length; at++) {
    const call = callAt(tokens, at)
    if (!call) continue
    const text = modern(call, tokens, at)
    const start = tokens[at]!.offset
    const end = tokens[call.end]!
    if (text !== undefined) {
      result += rule.slice(done, start) + text
      done = end.offset + end.length
    }
    at = call.end
  }
  return result + rule.slice(done)
}

interface Call {
  readonly name: string
  readonly values: readonly string[]
  /** Index of the token that closes it. */
  readonly end: number
}

function callAt(tokens: readonly Token[], at: number): Call | undefined {
  if (tokens[at]!.kind !== 'name' || tokens[at + 1]?.kind !== '(') return undefined
  const values: string[] = []
  for (let i = at + 2; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!
    if (kind === ')') return { name: tokens[at]!.text, values, end: i }
    if (kind === 'string') values.push(text)
    else if (kind !== ',') return undefined
  }
  return undefined
}

/** Undefined when it means the same today. */
function modern({ name, values, end }: Call, tokens: readonly Token[], at: number): string | undefined {
  const today = RENAMED[name.toLowerCase()] ?? name
  const changed = modernCall(today, values)
  const text = changed === undefined ? undefined : changed.replace(/^write /, '')
  if (text === undefined || text.startsWith('one call'))
    return today === name ? undefined : written(today, values)
  const joins = [tokens[at - 1]?.kind, tokens[end + 1]?.kind]
  const alone =
    !text.includes(' || ') ||
    joins.every((kind) => kind === undefined || kind === '(' || kind === ')' || kind === 'end')
  return alone ? text : `(${text})`
}
