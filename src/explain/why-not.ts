import type { MatcherDefinition, Predicate } from '../routing/matcher.ts'
import { written } from '../routing/older-syntax.ts'
import type { MatcherCall, Rule } from '../routing/rule-tree.ts'
import type { Request } from '../proxy/request.ts'

/** How a request fares with a rule. */
export interface Verdict {
  readonly matched: boolean
  /** Why it does not match, in words: which matchers fail, and what they see. Empty when it matches. */
  readonly why: string
  /** Matchers of the rule that the request meets: the more, the nearer it came. */
  readonly met: number
}

/** Failing matchers that are named. */
const MOST_NAMED = 3

type Matchers = ReadonlyMap<string, MatcherDefinition>

/** Whether the rule takes the request, and if not, which of its matchers are in the way. */
export function judge(rule: Rule, request: Request, matchers: Matchers): Verdict {
  const { matched, faults, met } = judgeNode(rule, request, matchers)
  if (matched) return { matched, why: '', met }
  const named = faults.slice(0, MOST_NAMED)
  const rest = faults.length - named.length
  return { matched, why: `${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`, met }
}

interface Judged {
  readonly matched: boolean
  readonly faults: readonly string[]
  readonly met: number
}

function judgeNode(rule: Rule, request: Request, matchers: Matchers): Judged {
  if (rule.op === 'match') return judgeCall(rule, request, matchers)
  if (rule.op === 'not') {
    const inner = judgeNode(rule.rule, request, matchers)
    if (!inner.matched) return { matched: true, faults: [], met: 0 }
    return { matched: false, faults: [`\`!${ruleText(rule.rule)}\` excludes it`], met: 0 }
  }
  const left = judgeNode(rule.left, request, matchers)
  const right = judgeNode(rule.right, request, matchers)
  const matched = rule.op === 'and' ? left.matched && right.matched : left.matched || right.matched
  return {
    matched,
    faults: matched ? [] : [...left.faults, ...right.faults],
    met: rule.op === 'and' ? left.met + right.met : Math.max(left.met, right.met),
  }
}

function judgeCall(call: MatcherCall, request: Request, matchers: Matchers): Judged {
  const matched = predicateOf(call, matchers)(request)
  if (matched) return { matched, faults: [], met: 1 }
  return { matched, faults: [`\`${written(call.name, call.args)}\` fails: ${seen(call, request)}`], met: 0 }
}

const predicates = new WeakMap<MatcherCall, Predicate>()

function predicateOf(call: MatcherCall, matchers: Matchers): Predicate {
  return predicates.getOrInsertComputed(
    call,
    () => matchers.get(call.name)?.create(call.args) ?? (() => false),
  )
}

/** What a matcher compares, as it is in this request. */
function seen({ name, args: [key = ''] }: MatcherCall, request: Request): string {
  if (name.startsWith('Host')) return `the host is \`${request.host}\``
  if (name.startsWith('Path')) return `the path is \`${request.matchPath}\``
  if (name === 'Method') return `the method is \`${request.method}\``
  if (name === 'ClientIP') return `the client is \`${request.clientAddress}\``
  if (name.startsWith('Header'))
    return request.headers.has(key)
      ? `the header \`${key}\` has another value`
      : `there is no header \`${key}\``
  if (name.startsWith('Query')) return `the query is \`${request.query}\``
  return 'the request is another'
}

function ruleText(rule: Rule): string {
  if (rule.op === 'match') return written(rule.name, rule.args)
  if (rule.op === 'not') return `!${ruleText(rule.rule)}`
  return `(${ruleText(rule.left)} ${rule.op === 'and' ? '&&' : '||'} ${ruleText(rule.right)})`
}
