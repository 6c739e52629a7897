import type { MatcherDefinition, Predicate } from './matcher.ts'
import type { MatcherCall, Rule } from './rule-tree.ts'

type Condition<T> = (subject: T) => boolean

/**
 * One function out of a rule.
 * @throws Error when a matcher that it calls is not among these
 */
export function compileRule(rule: Rule, matchers: ReadonlyMap<string, MatcherDefinition>): Predicate {
  return compileExpression(rule, ({ name, args }) => {
    const definition = matchers.get(name)
    if (!definition) throw new Error(`matcher \`${name}\` is not loaded`)
    return definition.create(args)
  })
}

/** One function out of an expression over any subject; `leaf` makes those of its calls. */
export function compileExpression<T>(rule: Rule, leaf: (call: MatcherCall) => Condition<T>): Condition<T> {
  if (rule.op === 'match') return leaf(rule)
  if (rule.op === 'not') {
    const inner = compileExpression(rule.rule, leaf)
    return (subject) => !inner(subject)
  }
  const conditions = operandsOf(rule, rule.op).map((operand) => compileExpression(operand, leaf))
  return rule.op === 'and' ? allOf(conditions) : anyOf(conditions)
}

/** The operands of a chain, in the order in which they were written. */
function operandsOf(rule: Rule, op: 'and' | 'or'): Rule[] {
  return rule.op === op ? [...operandsOf(rule.left, op), ...operandsOf(rule.right, op)] : [rule]
}

/** Pairs are by far the commonest chain, and cheaper without a loop. */
function allOf<T>(conditions: readonly Condition<T>[]): Condition<T> {
  const [first, second] = conditions
  if (conditions.length === 2) return (subject) => first!(subject) && second!(subject)
  return (subject) => {
    for (let i = 0; i < conditions.length; i++) if (!conditions[i]!(subject)) return false
    return true
  }
}

function anyOf<T>(conditions: readonly Condition<T>[]): Condition<T> {
  const [first, second] = conditions
  if (conditions.length === 2) return (subject) => first!(subject) || second!(subject)
  return (subject) => {
    for (let i = 0; i < conditions.length; i++) if (conditions[i]!(subject)) return true
    return false
  }
}
