import { didYouMean } from '../config/suggest.ts'
import { ExpressionError, tokenize } from './lexer.ts'
import type { RuleError, Token } from './lexer.ts'
import type { MatcherDefinition } from './matcher.ts'
import type { Rule } from './rule-tree.ts'

export type { RuleError } from './lexer.ts'

/** What may be called in an expression. */
export interface CallableFunction {
  readonly name: string
  /** Names of the arguments; those ending in `?` may be left out. */
  readonly parameters: readonly string[]
  check?(args: readonly string[]): { readonly argument: number; readonly message: string } | undefined
}

export type Parsed = { readonly rule: Rule } | { readonly error: RuleError }

/** Characters of an expression, levels of parentheses and calls: a hostile rule must not cost more than its refusal. */
const MAX_LENGTH = 16 * 1024
const MAX_DEPTH = 64
const MAX_CALLS = 1_000

/** Parses a rule of a router. Never throws. */
export function parseRule(text: string, matchers: ReadonlyMap<string, MatcherDefinition>): Parsed {
  const old = oldSyntax(text)
  if (old) return { error: old }
  return parseExpression(text, [...matchers.values()])
}

/** Parses an expression over these functions: rules, constraints and breaker conditions share their grammar. Never throws. */
export function parseExpression(text: string, functions: readonly CallableFunction[]): Parsed {
  if (text.length > MAX_LENGTH) {
    return { error: { message: `an expression may have ${MAX_LENGTH} characters, this one has ${text.length}`, offset: MAX_LENGTH, length: 1 } }
  }
  try {
    return { rule: new Parser(tokenize(text), functions).whole() }
  } catch (error) {
    if (error instanceof ExpressionError) return { error: error.at }
    throw error
  }
}

/** The expression with a caret line below the place of the error. */
export function renderRuleError(text: string, { offset, length }: RuleError): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const next = text.indexOf('\n', offset)
  const line = text.slice(start, next < 0 ? undefined : next)
  const shown = Math.max(1, Math.min(length, line.length - (offset - start)))
  return `${line}\n${' '.repeat(offset - start)}${'^'.repeat(shown)}`
}

/** `!` binds tighter than `&&`, and that tighter than `||`. */
const BINDING = { '||': 1, '&&': 2 } as const

class Parser {
  readonly #tokens: readonly Token[]
  readonly #functions: ReadonlyMap<string, CallableFunction>
  #at = 0
  #depth = 0
  #calls = 0

  constructor(tokens: readonly Token[], functions: readonly CallableFunction[]) {
    this.#tokens = tokens
    this.#functions = new Map(functions.flatMap((one) => spellings(one.name).map((name) => [name, one] as const)))
  }

  whole(): Rule {
    if (this.#peek().kind === 'end') throw failure(this.#peek(), 'the expression is empty', `begin with ${this.#example()}`)
    const rule = this.#expression(0)
    const rest = this.#peek()
    if (rest.kind === ')') throw failure(rest, 'this parenthesis was never opened')
    if (rest.kind !== 'end') throw failure(rest, `expected \`&&\` or \`||\` here, but found ${shown(rest)}`)
    return rule
  }

  /** Pratt's loop: takes operators that bind tighter than `above`. */
  #expression(above: number): Rule {
    let left = this.#operand()
    for (;;) {
      const { kind } = this.#peek()
      if ((kind !== '&&' && kind !== '||') || BINDING[kind] <= above) return left
      this.#at++
      left = { op: kind === '&&' ? 'and' : 'or', left, right: this.#expression(BINDING[kind]) }
    }
  }

  #operand(): Rule {
    const token = this.#next()
    if (++this.#depth > MAX_DEPTH) throw failure(token, `nested deeper than ${MAX_DEPTH} levels`)
    const rule = this.#operandAt(token)
    this.#depth--
    return rule
  }

  #operandAt(token: Token): Rule {
    if (token.kind === '!') return { op: 'not', rule: this.#operand() }
    if (token.kind === '(') {
      const inner = this.#expression(0)
      const close = this.#next()
      if (close.kind !== ')') throw failure(close, `expected \`)\`, but found ${shown(close)}`, 'close the parenthesis')
      return inner
    }
    if (token.kind === 'name') return this.#call(token)
    throw failure(token, `expected a condition such as ${this.#example()}, but found ${shown(token)}`)
  }

  #call(name: Token): Rule {
    const called = this.#functions.get(name.text)
    if (!called) throw failure(name, `unknown ${this.#word()} \`${name.text}\``, this.#nearest(name.text))
    if (++this.#calls > MAX_CALLS) throw failure(name, `more than ${MAX_CALLS} conditions`)
    const open = this.#next()
    if (open.kind !== '(') throw failure(open, `expected \`(\` behind \`${name.text}\`, but found ${shown(open)}`)
    const args = this.#arguments()
    this.#checkArguments(called, name, args)
    return { op: 'match', name: called.name, args: args.map(({ text }) => text) }
  }

  #arguments(): Token[] {
    const args: Token[] = []
    if (this.#peek().kind === ')') {
      this.#at++
      return args
    }
    for (;;) {
      const token = this.#next()
      if (token.kind !== 'string') throw failure(token, `expected a string in back-ticks, but found ${shown(token)}`)
      args.push(token)
      const behind = this.#next()
      if (behind.kind === ')') return args
      if (behind.kind !== ',') throw failure(behind, `expected \`,\` or \`)\`, but found ${shown(behind)}`)
    }
  }

  #checkArguments(called: CallableFunction, name: Token, args: readonly Token[]): void {
    const most = called.parameters.length
    const least = called.parameters.filter((parameter) => !parameter.endsWith('?')).length
    if (args.length < least || args.length > most) {
      const wanted = least === most ? `${most}` : `${least} or ${most}`
      throw failure(name, `\`${called.name}\` takes ${wanted} ${most === 1 ? 'value' : 'values'}, but got ${args.length}`, severalValues(called.name, args, most))
    }
    const wrong = called.check?.(args.map(({ text }) => text))
    if (wrong) throw failure(args[wrong.argument] ?? name, `\`${called.name}\`: ${wrong.message}`, oldPattern(args[wrong.argument]?.text))
  }

  #nearest(name: string): string {
    const names = [...new Set([...this.#functions.values()].map((one) => one.name))]
    return didYouMean(name, names) ?? `known: ${names.join(', ')}`
  }

  #example(): string {
    const [first] = this.#functions.values()
    return first ? `\`${first.name}(…)\`` : 'a condition'
  }

  #word(): string {
    return this.#functions.has('PathPrefix') ? 'matcher' : 'function'
  }

  #peek(): Token {
    return this.#tokens[this.#at]!
  }

  #next(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#at++
    return token
  }
}

/** As in Traefik: as written, all lower, all upper, first letter upper. */
function spellings(name: string): string[] {
  const lower = name.toLowerCase()
  return [name, lower, name.toUpperCase(), lower.charAt(0).toUpperCase() + lower.slice(1)]
}

function failure({ offset, length }: Token, message: string, remedy?: string): ExpressionError {
  return new ExpressionError({ message, offset, length, ...(remedy === undefined ? {} : { remedy }) })
}

function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : token.kind === 'string' ? 'a string' : `\`${token.text}\``
}

/** Version 2 took any number of values. */
function severalValues(name: string, args: readonly Token[], most: number): string | undefined {
  if (most !== 1 || args.length < 2) return undefined
  return `write one each: ${args.map(({ text }) => `${name}(\`${text}\`)`).join(' || ')}`
}

/** Version 2 wrote `{name:pattern}` within hosts and paths. */
function oldPattern(text: string | undefined): string | undefined {
  if (text === undefined || !/\{[A-Za-z0-9_-]*:?[^}]*\}/.test(text)) return undefined
  return 'patterns of version 2 (`{name:pattern}`) are plain regular expressions now, in HostRegexp and PathRegexp'
}

/** `Host:a.example.com;PathPrefix:/x` of version 1. */
function oldSyntax(text: string): RuleError | undefined {
  const match = /^\s*([A-Za-z]+):[^`"(]*/.exec(text)
  if (!match || text.includes('(`')) return undefined
  const example = text.trim().split(';').map((part) => {
    const [name = '', values = ''] = part.split(/:(.*)/s)
    return values.split(',').map((value) => `${name}(\`${value.trim()}\`)`).join(' || ')
  })
  const remedy = `write ${example.map((part) => (example.length > 1 && part.includes('||') ? `(${part})` : part)).join(' && ')}`
  return { message: 'this is a rule of Traefik version 1', remedy, offset: 0, length: match[0].length }
}
