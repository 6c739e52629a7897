import { didYouMean } from '../../config/suggest.ts'
import { ConditionError, tokensOf } from './lexer.ts'
import type { Token } from './lexer.ts'

/** Something that a condition can ask of a subject. */
export interface ConditionFunction<S> {
  /** Of each argument, how it is called in complaints. All are numbers. */
  readonly parameters: readonly string[]
  readonly result: 'number' | 'string' | 'boolean'
  /** What is wrong with the arguments, as a sentence; undefined when nothing is. */
  check?(args: readonly number[]): string | undefined
  ask(subject: S, args: readonly number[]): number | string | boolean
}

export type Condition<S> = (subject: S) => boolean

/** Characters of a condition; far more than one needs, and few enough for any depth of parentheses. */
const MAX_LENGTH = 1_000

/**
 * Compiles a condition such as `NetworkErrorRatio() > 0.3 || Latency(50.0) > 100`: functions, compared with numbers
 * or strings, joined by `&&`, `||`, `!` and parentheses; `&&` binds closer than `||`.
 * @throws ConditionError when the text is no condition, or asks for what there is not
 */
export function compileCondition<S>(
  text: string,
  functions: Readonly<Record<string, ConditionFunction<S>>>,
): Condition<S> {
  if (text.length > MAX_LENGTH)
    throw new ConditionError(`it may have ${MAX_LENGTH} characters, and has ${text.length}`)
  return new Parser(tokensOf(text), functions).parse()
}

/** Why this cannot be compiled, as a sentence without a full stop, or undefined when it can. */
export function conditionComplaint<S>(
  text: string,
  functions: Readonly<Record<string, ConditionFunction<S>>>,
): string | undefined {
  try {
    compileCondition(text, functions)
    return undefined
  } catch (error) {
    return (error as ConditionError).message
  }
}

type Value = number | string | boolean
interface Operand<S> {
  readonly type: ConditionFunction<S>['result']
  readonly text: string
  readonly of: (subject: S) => Value
}

const COMPARISONS: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
}

class Parser<S> {
  readonly #tokens: readonly Token[]
  readonly #functions: Readonly<Record<string, ConditionFunction<S>>>
  #next = 0

  constructor(tokens: readonly Token[], functions: Readonly<Record<string, ConditionFunction<S>>>) {
    this.#tokens = tokens
    this.#functions = functions
  }

  parse(): Condition<S> {
    const condition = this.#either()
    if (this.#token.kind !== 'end') throw this.#unexpected('`&&`, `||` or the end')
    return condition
  }

  #either(): Condition<S> {
    let left = this.#both()
    while (this.#took('||')) {
      const [one, other] = [left, this.#both()]
      left = (subject) => one(subject) || other(subject)
    }
    return left
  }

  #both(): Condition<S> {
    let left = this.#single()
    while (this.#took('&&')) {
      const [one, other] = [left, this.#single()]
      left = (subject) => one(subject) && other(subject)
    }
    return left
  }

  #single(): Condition<S> {
    if (this.#took('!')) {
      const denied = this.#single()
      return (subject) => !denied(subject)
    }
    if (this.#took('(')) {
      const inner = this.#either()
      this.#expect(')')
      return inner
    }
    return this.#comparison()
  }

  #comparison(): Condition<S> {
    const left = this.#operand()
    const compare = COMPARISONS[this.#token.text]
    if (this.#token.kind !== 'sign' || compare === undefined) {
      if (left.type !== 'boolean') throw this.#unexpected('a comparison such as `> 0.5`')
      return (subject) => left.of(subject) === true
    }
    this.#next++
    const right = this.#operand()
    if (left.type !== right.type)
      throw new ConditionError(`${left.text} is a ${left.type}, and ${right.text} a ${right.type}`)
    return (subject) => compare(left.of(subject), right.of(subject))
  }

  #operand(): Operand<S> {
    const token = this.#token
    if (token.kind === 'value') {
      this.#next++
      const { value } = token
      return { type: typeof value === 'number' ? 'number' : 'string', text: token.text, of: () => value }
    }
    if (token.kind !== 'name') throw this.#unexpected('a function')
    this.#next++
    return this.#call(token.text)
  }

  #call(name: string): Operand<S> {
    const found = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined
    if (found === undefined) {
      const names = Object.keys(this.#functions)
      throw new ConditionError(
        `there is no function \`${name}\`; ${didYouMean(name, names) ?? `there are ${names.join(', ')}`}`,
      )
    }
    const args = this.#args()
    const { parameters, result } = found
    if (args.length !== parameters.length) {
      const wanted = parameters.length === 0 ? 'no arguments' : `the arguments ${parameters.join(', ')}`
      throw new ConditionError(`\`${name}\` takes ${wanted}, not ${args.length}`)
    }
    const complaint = found.check?.(args)
    if (complaint !== undefined) throw new ConditionError(`\`${name}\`: ${complaint}`)
    return { type: result, text: `${name}()`, of: (subject) => found.ask(subject, args) }
  }

  #args(): number[] {
    this.#expect('(')
    const args: number[] = []
    while (!this.#took(')')) {
      if (args.length > 0) this.#expect(',')
      const token = this.#token
      if (token.kind !== 'value' || typeof token.value !== 'number') throw this.#unexpected('a number')
      this.#next++
      args.push(token.value)
    }
    return args
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  #took(sign: string): boolean {
    const { kind, text } = this.#token
    if (kind !== 'sign' || text !== sign) return false
    this.#next++
    return true
  }

  #expect(sign: string): void {
    if (!this.#took(sign)) throw this.#unexpected(`\`${sign}\``)
  }

  #unexpected(wanted: string): ConditionError {
    const { kind, text, at } = this.#token
    const found = kind === 'end' ? 'it ends' : `there is \`${text}\` (character ${at + 1})`
    return new ConditionError(`${wanted} was expected, but ${found}`)
  }
}
