import { FUNCTIONS } from './functions.ts'
import { DELIMITERS, RuleGuard } from './rule-guard.ts'
import type { Body, Expression, Pipeline, TemplateNode, Value } from './tree.ts'
import { isTrue, RenderError, textOf, within } from './values.ts'

/** A rule longer than this is a mistake. */
const LONGEST_RULE = 16_384
/** Nodes and expressions visited by one rendering; loops within loops end here. */
const MOST_STEPS = 20_000

/**
 * Renders a parsed template as the text of a rule.
 * @throws RenderError when the data does not fit, or could change what the rule means
 */
export function evaluate(body: Body, root: ReadonlyMap<string, Value>): string {
  const evaluation = new Evaluation(root)
  evaluation.run(body, root)
  return evaluation.text
}

type Signal = 'break' | 'continue' | undefined

class Evaluation {
  readonly #root: ReadonlyMap<string, Value>
  readonly #output = new RuleGuard(LONGEST_RULE)
  readonly #variables: { readonly name: string; value: Value }[]
  #steps = 0
  /** Data with delimiters of rules was read; from then on, nothing computed may stand outside of a literal. */
  #tainted = false

  constructor(root: ReadonlyMap<string, Value>) {
    this.#root = root
    this.#variables = [{ name: '$', value: root }]
  }

  get text(): string {
    return this.#output.text
  }

  run(body: Body, dot: Value): Signal {
    const scope = this.#variables.length
    for (const node of body) {
      const signal = this.#node(node, dot)
      if (signal === undefined) continue
      this.#variables.length = scope
      return signal
    }
    this.#variables.length = scope
    return undefined
  }

  #node(node: TemplateNode, dot: Value): Signal {
    this.#step()
    switch (node.kind) {
      case 'text':
        this.#output.trusted(node.text)
        return undefined
      case 'output': {
        const value = this.#pipeline(node.pipeline, dot)
        if (node.pipeline.variables.length === 0) this.#output.computed(textOf(value), this.#tainted)
        return undefined
      }
      case 'break':
      case 'continue':
        return node.kind
      case 'range':
        return this.#range(node, dot)
      case 'if':
      case 'with':
        return this.#branch(node, dot)
    }
  }

  #branch(node: TemplateNode & { kind: 'if' | 'with' }, dot: Value): Signal {
    const scope = this.#variables.length
    const value = this.#pipeline(node.pipeline, dot)
    const inner = node.kind === 'with' ? value : dot
    const signal = isTrue(value) ? this.run(node.body, inner) : this.run(node.otherwise, dot)
    this.#variables.length = scope
    return signal
  }

  #range(node: TemplateNode & { kind: 'range' }, dot: Value): Signal {
    const entries = entriesOf(this.#commands(node.pipeline, dot))
    if (entries.length === 0) return this.run(node.otherwise, dot)
    const { variables, declares } = node.pipeline
    for (const [key, value] of entries) {
      this.#step()
      const scope = this.#variables.length
      const values = variables.length === 2 ? [this.#data(key), this.#data(value)] : [this.#data(value)]
      variables.forEach((name, i) => this.#assign(name, values[i]!, declares))
      const signal = this.run(node.body, value)
      this.#variables.length = scope
      if (signal === 'break') break
    }
    return undefined
  }

  #pipeline(pipeline: Pipeline, dot: Value): Value {
    const value = this.#commands(pipeline, dot)
    for (const name of pipeline.variables) this.#assign(name, value, pipeline.declares)
    return value
  }

  #commands({ commands }: Pipeline, dot: Value): Value {
    const [first, ...rest] = commands
    return rest.reduce(
      (value, command) => this.#expression(command, dot, [value]),
      this.#expression(first!, dot, []),
    )
  }

  #expression(expression: Expression, dot: Value, piped: readonly Value[]): Value {
    this.#step()
    switch (expression.kind) {
      case 'literal':
        return expression.value
      case 'dot':
        return dot
      case 'variable':
        return this.#variables.findLast(({ name }) => name === expression.name)?.value ?? null
      case 'field':
        return this.#data(fieldOf(this.#expression(expression.of, dot, []), expression.name))
      case 'pipeline':
        return this.#commands(expression.pipeline, dot)
      case 'call':
        return this.#call(expression, dot, piped)
    }
  }

  #call({ name, args }: Expression & { kind: 'call' }, dot: Value, piped: readonly Value[]): Value {
    const values: Value[] = []
    for (const arg of args) {
      const value = this.#expression(arg, dot, [])
      values.push(value)
      // Go stops looking at arguments once the answer is known.
      if ((name === 'and' && !isTrue(value)) || (name === 'or' && isTrue(value))) return value
    }
    const all = [...values, ...piped]
    const result = FUNCTIONS.get(name)!.run(all, this.#root)
    // What is taken out of a map or a list has not been looked at yet.
    return all.some((value) => typeof value === 'object') ? this.#data(result) : result
  }

  /** Every text passes here when it leaves the data. */
  #data(value: Value): Value {
    if (typeof value === 'string' && DELIMITERS.test(within(value))) this.#tainted = true
    return value
  }

  #assign(name: string, value: Value, declares: boolean): void {
    const known = declares ? undefined : this.#variables.findLast((variable) => variable.name === name)
    if (known) known.value = value
    else this.#variables.push({ name, value })
  }

  #step(): void {
    if (++this.#steps > MOST_STEPS) throw new RenderError('it takes too many steps')
  }
}

function fieldOf(value: Value, name: string): Value {
  if (value instanceof Map) return (value as ReadonlyMap<string, Value>).get(name) ?? ''
  throw new RenderError(`\`.${name}\` is asked of something that has no fields`)
}

function entriesOf(value: Value): readonly (readonly [Value, Value])[] {
  if (value === null || value === '') return []
  if (Array.isArray(value)) return value.map((item: Value, i) => [i, item] as const)
  if (value instanceof Map) {
    return [...(value as ReadonlyMap<string, Value>)].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  }
  throw new RenderError('`range` takes a list or a map')
}
