import type { IndexKey, MatcherDefinition } from './matcher.ts'
import type { Rule } from './rule-tree.ts'

/** The hosts that a rule is confined to, each once; undefined when it is not confined to any. */
export function indexKeysOf(
  rule: Rule,
  matchers: ReadonlyMap<string, MatcherDefinition>,
): readonly IndexKey[] | undefined {
  const keys = confinement(rule, matchers)
  return keys && [...new Map(keys.map((key) => [`${key.host ?? ''}/${key.parentHost ?? ''}`, key])).values()]
}

/** Whether every request that is found under one of the rule's keys meets the rule. */
export function isDecidedByKey(rule: Rule, matchers: ReadonlyMap<string, MatcherDefinition>): boolean {
  if (rule.op === 'match') return matchers.get(rule.name)?.index?.(rule.args) !== undefined
  return rule.op === 'or' && isDecidedByKey(rule.left, matchers) && isDecidedByKey(rule.right, matchers)
}

function confinement(
  rule: Rule,
  matchers: ReadonlyMap<string, MatcherDefinition>,
): readonly IndexKey[] | undefined {
  // What a negation leaves over is nearly everything.
  if (rule.op === 'not') return undefined
  if (rule.op === 'match') {
    const key = matchers.get(rule.name)?.index?.(rule.args)
    return key && [key]
  }
  const left = confinement(rule.left, matchers)
  const right = confinement(rule.right, matchers)
  // Of alternatives, each must confine. Of conditions that must all hold, one does; the one with fewer hosts is cheaper.
  if (rule.op === 'or') return left && right && [...left, ...right]
  return left && right ? (right.length < left.length ? right : left) : (left ?? right)
}
