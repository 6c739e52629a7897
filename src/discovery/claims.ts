import type { Rule } from '../routing/rule-tree.ts'

/**
 * Whether every request that a rule can match is for one of the allowed hosts: `api.example.com`, `*.example.com`
 * (one label below, as in `Host`), or `*`. Only literals of `Host` confine a rule; what a regular expression may
 * match is not guessed. An empty list allows all.
 */
export function isConfined(rule: Rule, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.includes('*') || confined(rule, allowed.map(canonicalHost), true)
}

/** By De Morgan: `wanted` false asks about the rule's negation. */
function confined(rule: Rule, allowed: readonly string[], wanted: boolean): boolean {
  if (rule.op === 'match') {
    return (
      wanted &&
      rule.name === 'Host' &&
      allowed.some((pattern) => covers(pattern, canonicalHost(rule.args[0] ?? '')))
    )
  }
  if (rule.op === 'not') return confined(rule.rule, allowed, !wanted)
  // Of conditions that must all hold, one that confines is enough; of alternatives, each must.
  const left = confined(rule.left, allowed, wanted)
  const all = (rule.op === 'and') === wanted
  return all ? left || confined(rule.right, allowed, wanted) : left && confined(rule.right, allowed, wanted)
}

function covers(pattern: string, host: string): boolean {
  if (pattern === host) return true
  if (!pattern.startsWith('*.')) return false
  const parent = pattern.slice(1)
  const label = host.slice(0, -parent.length)
  return host.endsWith(parent) && label !== '' && !label.includes('.')
}

function canonicalHost(host: string): string {
  return host.trim().toLowerCase().replace(/\.$/, '')
}

/** Whether instances may define middlewares of this kind. An empty list allows all. */
export function mayDefine(kind: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.some((one) => one.toLowerCase() === kind.toLowerCase())
}

/**
 * Which of the full names that instances refer to they may not. Names of their own provider are always theirs:
 * what those do was settled when they were defined.
 */
export function forbiddenReferences(
  names: readonly string[],
  provider: string,
  allowed: readonly string[],
): string[] {
  if (allowed.length === 0) return []
  return names.filter((name) => !name.endsWith(`@${provider}`) && !allowed.includes(name))
}
