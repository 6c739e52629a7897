import { didYouMean } from '../config/suggest.ts'
import { tokenize } from './lexer.ts'
import type { Token } from './lexer.ts'
import type { MatcherDefinition } from './matcher.ts'
import { modernCall, modernRule, written } from './older-syntax.ts'
import { ExpressionError, failure } from './rule-error.ts'
import type { RuleError } from './rule-error.ts'
import type { MatcherCall, Rule } from './rule-tree.ts'

export type { RuleError } from './rule-error.ts'

/** What may be called in an expression. */
export interface CallableFunction {
  readonly name: string
  /** Names of the arguments; those ending in `?` may be left out. */
  readonly parameters: readonly string[]
  check?(args: readonly string[]): { readonly argument: number; readonly message: string } | undefined
}

export type Parsed = { readonly rule: Rule } | { readonly error: RuleError }

/** Characters of an expression, levels of nesting and calls: a hostile rule must not cost more than its refusal. */
const MAX_LENGTH = 16 * 1024
const MAX_DEPTH = 64
const MAX_CALLS = 1_000

/** Parses a rule of a router. Never throws. */
export function parseRule(text: string, matchers: ReadonlyMap<string, MatcherDefinition>): Parsed {
  const old = text.length > MAX_LENGTH ? undefined : modernRule(text)
  return old ? { error: old } : parseExpression(text, [...matchers.values()], 'matcher')
}

/**
 * Parses an expression over these functions: rules, constraints and breaker conditions share their grammar. `noun` is
 * what complaints call a function. Never throws.
 */
export function parseExpression(
  text: string,
  functions: readonly CallableFunction[],
  noun = 'function',
): Parsed {
  try {
    if (text.length > MAX_LENGTH) {
      const message = `an expression may have ${MAX_LENGTH} characters, this one has ${text.length}`
      throw failure({ offset: MAX_LENGTH, length: 1 }, message, 'split it in two')
    }
    return { rule: new Parser(tokenize(text), functions, noun).whole() }
  } catch (error) {
    if (error instanceof ExpressionError) return { error: error.at }
    throw error
  }
}

/** `!` binds tighter than `&&`, and that tighter than `||`. */
const BINDING = { '||': 1, '&&': 2 } as const
type Operator = keyof typeof BINDING

/** A Pratt parser: one loop takes binary operators by their binding, so that a further one is a line in the table. */
class Parser {
  readonly #tokens: readonly Token[]
  readonly #functions: readonly CallableFunction[]
  readonly #noun: string
  #at = 0
  #depth = 0
  #calls = 0

  constructor(tokens: readonly Token[], functions: readonly CallableFunction[], noun: string) {
    this.#tokens = tokens
    this.#functions = functions
    this.#noun = noun
  }

  whole(): Rule {
    if (this.#peek().kind === 'end')
      throw failure(this.#peek(), 'the expression is empty', `begin with ${this.#example()}`)
    const rule = this.#expression(0)
    const rest = this.#peek()
    if (rest.kind === ')') throw failure(rest, 'this parenthesis was never opened', 'take it away')
    if (rest.kind !== 'end') throw failure(rest, `expected \`&&\` or \`||\` here, but found ${shown(rest)}`)
    return rule
  }

  /** Takes operators that bind tighter than `above`. */
  #expression(above: number): Rule {
    let left = this.#operand()
    for (;;) {
      const { kind } = this.#peek()
      if (!isOperator(kind) || BINDING[kind] <= above) return left
      left = this.#chain(kind, left)
    }
  }

  /** All operands that one kind of operator joins. */
  #chain(operator: Operator, first: Rule): Rule {
    const operands = [first]
    while (this.#peek().kind === operator) {
      this.#at++
      operands.push(this.#expression(BINDING[operator]))
    }
    return balanced(operator === '&&' ? 'and' : 'or', operands)
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
      if (close.kind !== ')')
        throw failure(close, `expected \`)\`, but found ${shown(close)}`, 'close the parenthesis')
      return inner
    }
    if (token.kind === 'name') return this.#call(token)
    throw failure(token, `expected a condition such as ${this.#example()}, but found ${shown(token)}`)
  }

  #call(name: Token): MatcherCall {
    const called = this.#functions.find((one) => isSpelling(name.text, one.name))
    if (!called)
      throw failure(name, `unknown ${this.#noun} \`${name.text}\``, this.#nearest(name.text), 'E202')
    if (++this.#calls > MAX_CALLS) throw failure(name, `more than ${MAX_CALLS} conditions`, 'split it in two')
    const open = this.#next()
    if (open.kind !== '(') {
      const remedy = `write ${exampleOf(called)}`
      throw failure(open, `expected \`(\` behind \`${name.text}\`, but found ${shown(open)}`, remedy)
    }
    const args = this.#arguments()
    checkArguments(called, name, args)
    return { op: 'match', name: called.name, args: args.map(({ text }) => text) }
  }

  /** Up to and with the closing parenthesis; a comma behind the last is allowed, as in Go. */
  #arguments(): Token[] {
    const args: Token[] = []
    while (this.#peek().kind !== ')') {
      const token = this.#next()
      if (token.kind !== 'string')
        throw failure(token, `expected a string in back-ticks, but found ${shown(token)}`)
      args.push(token)
      const behind = this.#peek()
      if (behind.kind === ',') this.#at++
      else if (behind.kind !== ')')
        throw failure(behind, `expected \`,\` or \`)\`, but found ${shown(behind)}`)
    }
    this.#at++
    return args
  }

  #nearest(name: string): string {
    const names = this.#functions.map((one) => one.name)
    return didYouMean(name, names) ?? `known: ${names.join(', ')}`
  }

  #example(): string {
    const [first] = this.#functions
    return first ? `\`${first.name}(…)\`` : 'a condition'
  }

  #peek(): Token {
    return this.#tokens[this.#at]!
  }

  /** The end is never passed. */
  #next(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#at++
    return token
  }
}

function checkArguments(called: CallableFunction, name: Token, args: readonly Token[]): void {
  const { parameters } = called
  const least = parameters.filter((parameter) => !parameter.endsWith('?')).length
  const values = args.map(({ text }) => text)
  if (args.length < least || args.length > parameters.length) {
    const wanted = least === parameters.length ? `${least}` : `${least} or ${parameters.length}`
    const message = `\`${called.name}\` takes ${wanted} ${parameters.length === 1 ? 'value' : 'values'}, but got ${args.length}`
    throw failure(name, message, modernCall(called.name, values) ?? `write ${exampleOf(called)}`, 'E203')
  }
  const wrong = called.check?.(values)
  if (!wrong) return
  const place = args[wrong.argument] ?? name
  throw failure(place, `\`${called.name}\`: ${wrong.message}`, modernCall(called.name, values), 'E203')
}

/**
 * Operands joined in pairs of pairs instead of one behind the other: a chain of a thousand is then ten levels deep,
 * and nothing that walks the tree (or copies it to a worker) can run out of stack.
 */
function balanced(op: 'and' | 'or', operands: readonly Rule[]): Rule {
  if (operands.length === 1) return operands[0]!
  const middle = Math.ceil(operands.length / 2)
  return { op, left: balanced(op, operands.slice(0, middle)), right: balanced(op, operands.slice(middle)) }
}

/** As in Traefik: as it is named, all lower, all upper, first letter upper. */
function isSpelling(text: string, name: string): boolean {
  if (text === name) return true
  const lower = name.toLowerCase()
  return (
    text === lower || text === name.toUpperCase() || text === lower.charAt(0).toUpperCase() + lower.slice(1)
  )
}

function isOperator(kind: Token['kind']): kind is Operator {
  return kind === '&&' || kind === '||'
}

function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : token.kind === 'string' ? 'a string' : `\`${token.text}\``
}

function exampleOf({ name, parameters }: CallableFunction): string {
  return written(
    name,
    parameters.filter((parameter) => !parameter.endsWith('?')),
  )
}
