import { suggest } from '../../config/suggest.ts'
import { Cursor } from './cursor.ts'
import { FUNCTIONS } from './functions.ts'
import { tokenize } from './lexer.ts'
import type { Token, Word } from './lexer.ts'
import { TemplateError } from './tree.ts'
import type { Body, Expression, Pipeline, TemplateNode } from './tree.ts'

const DEEPEST = 50
const CONSTANTS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['nil', null],
])
const BRANCHES = new Set(['if', 'with', 'range'])

/**
 * Parses a template. Fields of the root and names of functions are checked here, so that a wrong name shows when
 * the template is loaded rather than when it is rendered.
 * @throws TemplateError
 */
export function parseTemplate(source: string, fields: readonly string[]): Body {
  return new Parser(tokenize(source), fields).parse()
}

interface Block {
  readonly body: Body
  /** The action that ended it; undefined at the end of the template. */
  readonly end: Action | undefined
}

interface Action {
  readonly keyword: string
  readonly words: readonly Word[]
  readonly offset: number
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #fields: readonly string[]
  #at = 0
  #depth = 0
  #loops = 0
  /** How many blocks around this place have changed what the dot is. */
  #dots = 0
  #variables: string[] = ['$']

  constructor(tokens: readonly Token[], fields: readonly string[]) {
    this.#tokens = tokens
    this.#fields = fields
  }

  parse(): Body {
    const { body, end } = this.#block()
    if (end) throw new TemplateError(end.offset, `\`${end.keyword}\` has no beginning`)
    return body
  }

  #block(): Block {
    const body: TemplateNode[] = []
    const scope = this.#variables.length
    for (let token = this.#tokens[this.#at]; token; token = this.#tokens[this.#at]) {
      this.#at++
      const action = token.kind === 'action' ? actionOf(token) : undefined
      if (action?.keyword === 'end' || action?.keyword === 'else') {
        this.#variables.length = scope
        return { body, end: action }
      }
      body.push(token.kind === 'text' ? { kind: 'text', text: token.text } : this.#action(action!))
    }
    return { body, end: undefined }
  }

  #action(action: Action): TemplateNode {
    const { keyword, words, offset } = action
    if (BRANCHES.has(keyword)) return this.#branch(action, keyword as 'if' | 'with' | 'range')
    if (keyword === 'break' || keyword === 'continue') {
      if (this.#loops === 0) throw new TemplateError(offset, `\`${keyword}\` stands outside of a range`)
      if (words.length > 0) throw new TemplateError(words[0]!.offset, `nothing may follow \`${keyword}\``)
      return { kind: keyword }
    }
    if (UNSUPPORTED.has(keyword))
      throw new TemplateError(offset, `\`${keyword}\` is not supported in default rules`)
    return { kind: 'output', pipeline: this.#pipeline(words, offset) }
  }

  #branch({ words, offset }: Action, kind: 'if' | 'with' | 'range'): TemplateNode {
    if (++this.#depth > DEEPEST)
      throw new TemplateError(offset, `blocks stand in one another more than ${DEEPEST} deep`)
    const scope = this.#variables.length
    const pipeline = this.#pipeline(words, offset, kind === 'range' ? 2 : 1)
    if (kind !== 'if') this.#dots++
    if (kind === 'range') this.#loops++
    const { body, end } = this.#block()
    if (kind !== 'if') this.#dots--
    if (kind === 'range') this.#loops--
    const otherwise = this.#otherwise(end, offset, kind)
    this.#variables.length = scope
    this.#depth--
    return { kind, pipeline, body, otherwise }
  }

  #otherwise(end: Action | undefined, offset: number, kind: string): Body {
    if (end === undefined) throw new TemplateError(offset, `\`${kind}\` has no \`end\``)
    if (end.keyword === 'end') {
      if (end.words.length > 0) throw new TemplateError(end.words[0]!.offset, 'nothing may follow `end`')
      return []
    }
    const [first, ...rest] = end.words
    if (first === undefined) {
      const last = this.#block()
      if (last.end?.keyword !== 'end')
        throw new TemplateError(last.end?.offset ?? offset, `\`${kind}\` has no \`end\` after its \`else\``)
      return last.body
    }
    if (first.text !== 'if' && first.text !== 'with')
      throw new TemplateError(first.offset, 'only `if` or `with` may follow `else`')
    // `else if` shares the `end` of the `if` before it.
    return [this.#branch({ keyword: first.text, words: rest, offset: first.offset }, first.text)]
  }

  #pipeline(words: readonly Word[], offset: number, mostVariables = 1): Pipeline {
    const cursor = new Cursor(words, words.at(-1)?.offset ?? offset)
    const { variables, declares } = this.#assignment(cursor, mostVariables)
    const commands = this.#commands(cursor, offset)
    const extra = cursor.peek()
    if (extra) throw new TemplateError(extra.offset, `\`${extra.text}\` is not expected here`)
    if (declares) this.#variables.push(...variables)
    return { offset, variables, declares, commands }
  }

  #assignment(cursor: Cursor, most: number): Pick<Pipeline, 'variables' | 'declares'> {
    const none = { variables: [], declares: false }
    const first = cursor.peek()
    if (first?.kind !== 'variable') return none
    const isPair = most > 1 && cursor.isSign(',', 1)
    const sign = cursor.peek(isPair ? 3 : 1)
    if (sign?.kind !== 'sign' || (sign.text !== ':=' && sign.text !== '=')) return none
    const variables = [first, ...(isPair ? [cursor.peek(2)!] : [])]
    for (const { text, kind, offset } of variables) {
      if (kind !== 'variable' || text === '$')
        throw new TemplateError(offset, `\`${text}\` cannot be assigned to`)
      if (sign.text === '=') this.#requireVariable(text, offset)
    }
    cursor.skip(isPair ? 4 : 2)
    return { variables: variables.map(({ text }) => text), declares: sign.text === ':=' }
  }

  #commands(cursor: Cursor, offset: number): readonly Expression[] {
    const commands = [this.#command(cursor, offset, 0)]
    while (cursor.takeSign('|')) commands.push(this.#command(cursor, offset, 1))
    return commands
  }

  /** A function with its arguments, or one operand. `piped` is 1 when a value comes down the pipeline. */
  #command(cursor: Cursor, offset: number, piped: number): Expression {
    const first = cursor.peek()
    if (first === undefined) throw new TemplateError(offset, 'a value is missing')
    if (first.kind !== 'name' || CONSTANTS.has(first.text)) {
      if (piped > 0) throw new TemplateError(first.offset, 'only a function can take what comes before `|`')
      return this.#operand(cursor)
    }
    cursor.skip(1)
    const args: Expression[] = []
    while (cursor.startsOperand()) args.push(this.#operand(cursor))
    return this.#call(first, args, piped)
  }

  #call({ text: name, offset }: Word, args: readonly Expression[], piped: number): Expression {
    const found = FUNCTIONS.get(name)
    if (found === undefined)
      throw new TemplateError(offset, `there is no function \`${name}\``, suggest(name, FUNCTIONS.keys()))
    const count = args.length + piped
    const [least, most] = found.arity
    if (count < least || count > most) {
      const wanted =
        least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`
      throw new TemplateError(
        offset,
        `\`${name}\` takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`,
      )
    }
    return { kind: 'call', name, args, offset }
  }

  #operand(cursor: Cursor): Expression {
    let operand = this.#base(cursor)
    for (let word = cursor.peek(); word?.kind === 'field' && !word.spaced; word = cursor.peek()) {
      cursor.skip(1)
      operand = this.#field(operand, word)
    }
    return operand
  }

  #base(cursor: Cursor): Expression {
    const { kind, text, offset } = cursor.take()
    if (kind === 'string') return { kind: 'literal', value: text, offset }
    if (kind === 'number') return { kind: 'literal', value: Number(text), offset }
    if (kind === 'field') return this.#field({ kind: 'dot', offset }, { text, offset })
    if (kind === 'variable') {
      this.#requireVariable(text, offset)
      return { kind: 'variable', name: text, offset }
    }
    if (kind === 'name' && CONSTANTS.has(text))
      return { kind: 'literal', value: CONSTANTS.get(text)!, offset }
    if (kind === 'name') return this.#call({ kind, text, offset, spaced: true }, [], 0)
    if (text === '.') return { kind: 'dot', offset }
    if (text === '(') return this.#parenthesised(cursor, offset)
    throw new TemplateError(offset, `\`${text}\` is not expected here`)
  }

  #parenthesised(cursor: Cursor, offset: number): Expression {
    if (++this.#depth > DEEPEST)
      throw new TemplateError(offset, `parentheses stand in one another more than ${DEEPEST} deep`)
    const commands = this.#commands(cursor, offset)
    if (!cursor.takeSign(')')) throw new TemplateError(offset, 'the parenthesis is not closed')
    this.#depth--
    return { kind: 'pipeline', pipeline: { offset, variables: [], declares: false, commands }, offset }
  }

  #field(of: Expression, { text: name, offset }: Pick<Word, 'text' | 'offset'>): Expression {
    const ofRoot = (of.kind === 'dot' && this.#dots === 0) || (of.kind === 'variable' && of.name === '$')
    if (ofRoot && !this.#fields.includes(name)) {
      throw new TemplateError(offset, `there is no field \`.${name}\``, suggest(name, this.#fields))
    }
    return { kind: 'field', of, name, offset }
  }

  #requireVariable(name: string, offset: number): void {
    if (this.#variables.includes(name)) return
    throw new TemplateError(
      offset,
      `there is no variable \`${name}\``,
      suggest(name, this.#variables.slice(1)),
    )
  }
}

/** Words of Go's templates that would bring in other templates. */
const UNSUPPORTED = new Set(['define', 'template', 'block'])

function actionOf({ words, offset }: Token & { kind: 'action' }): Action {
  const [first, ...rest] = words
  if (first === undefined) throw new TemplateError(offset, 'the action is empty')
  const isKeyword = first.kind === 'name' && KEYWORDS.has(first.text)
  return isKeyword
    ? { keyword: first.text, words: rest, offset: first.offset }
    : { keyword: '', words, offset: first.offset }
}

const KEYWORDS = new Set([...BRANCHES, ...UNSUPPORTED, 'else', 'end', 'break', 'continue'])
