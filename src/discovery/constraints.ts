import { compileRegex, regexComplaint } from '../config/regex.ts'
import { compileExpression } from '../routing/compile.ts'
import { parseExpression } from '../routing/parser.ts'
import type { CallableFunction, RuleError } from '../routing/parser.ts'
import type { MatcherCall } from '../routing/rule-tree.ts'

/** Whether an instance of these raw tags is served. */
export type TagPredicate = (tags: readonly string[]) => boolean

export type CompiledConstraints = { readonly matches: TagPredicate } | { readonly error: RuleError }

/** Catalogs have plain tags; containers have labels, which are tags `key=value` here. */
const FUNCTIONS: Readonly<Record<'tag' | 'label', readonly CallableFunction[]>> = {
  tag: [
    { name: 'Tag', parameters: ['tag'] },
    { name: 'TagRegex', parameters: ['regexp'], check: ([source]) => checkRegex(source!, 0) },
  ],
  label: [
    { name: 'Label', parameters: ['key', 'value'] },
    { name: 'LabelRegex', parameters: ['key', 'regexp'], check: ([, source]) => checkRegex(source!, 1) },
  ],
}

/** Compiles a constraint expression such as ``Tag(`blue`) && !TagRegex(`^v0`)``; an empty one lets everything pass. */
export function compileConstraints(text: string, kind: 'tag' | 'label'): CompiledConstraints {
  if (text.trim() === '') return { matches: () => true }
  const parsed = parseExpression(text, FUNCTIONS[kind])
  return 'error' in parsed ? parsed : { matches: compileExpression(parsed.rule, condition) }
}

function checkRegex(source: string, argument: number): ReturnType<NonNullable<CallableFunction['check']>> {
  const message = regexComplaint(source)
  return message === undefined ? undefined : { argument, message }
}

function condition({ name, args: [first = '', second = ''] }: MatcherCall): TagPredicate {
  if (name === 'Tag') return (tags) => tags.includes(first)
  if (name === 'Label') return (tags) => tags.includes(`${first}=${second}`)
  const regex = compileRegex(name === 'TagRegex' ? first : second)
  if (name === 'TagRegex') return (tags) => tags.some((tag) => regex.test(tag))
  const key = `${first}=`
  return (tags) => tags.some((tag) => tag.startsWith(key) && regex.test(tag.slice(key.length)))
}
