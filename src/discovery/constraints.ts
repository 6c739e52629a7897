import { compileRegex } from '../config/regex.ts'
import { checkRegex } from '../routing/match-argument.ts'
import { parseExpression } from '../routing/parser.ts'
import type { CallableFunction, RuleError } from '../routing/parser.ts'
import type { MatcherCall, Rule } from '../routing/rule-tree.ts'

/** Whether an instance of these raw tags is served. */
export type TagPredicate = (tags: readonly string[]) => boolean

export type CompiledConstraints = { readonly matches: TagPredicate } | { readonly error: RuleError }

/** Catalogs have plain tags; containers have labels, which are tags `key=value` here. */
const FUNCTIONS: Readonly<Record<'tag' | 'label', readonly CallableFunction[]>> = {
  tag: [
    { name: 'Tag', parameters: ['tag'] },
    { name: 'TagRegex', parameters: ['regexp'], check: (args) => checkRegex(args, 0) },
  ],
  label: [
    { name: 'Label', parameters: ['key', 'value'] },
    { name: 'LabelRegex', parameters: ['key', 'regexp'], check: (args) => checkRegex(args, 1) },
  ],
}

/** Compiles a constraint expression such as ``Tag(`blue`) && !TagRegex(`^v0`)``; an empty one lets everything pass. */
export function compileConstraints(text: string, kind: 'tag' | 'label'): CompiledConstraints {
  if (text.trim() === '') return { matches: () => true }
  const parsed = parseExpression(text, FUNCTIONS[kind])
  return 'error' in parsed ? parsed : { matches: compile(parsed.rule) }
}

function compile(rule: Rule): TagPredicate {
  if (rule.op === 'match') return condition(rule)
  if (rule.op === 'not') {
    const inner = compile(rule.rule)
    return (tags) => !inner(tags)
  }
  const left = compile(rule.left)
  const right = compile(rule.right)
  return rule.op === 'and' ? (tags) => left(tags) && right(tags) : (tags) => left(tags) || right(tags)
}

function condition({ name, args: [first = '', second = ''] }: MatcherCall): TagPredicate {
  if (name === 'Tag') return (tags) => tags.includes(first)
  if (name === 'Label') return (tags) => tags.includes(`${first}=${second}`)
  const regex = compileRegex(name === 'TagRegex' ? first : second)
  if (name === 'TagRegex') return (tags) => tags.some((tag) => regex.test(tag))
  const key = `${first}=`
  return (tags) => tags.some((tag) => tag.startsWith(key) && regex.test(tag.slice(key.length)))
}
