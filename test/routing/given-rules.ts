import assert from 'node:assert/strict'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import { compileRule } from '../../src/routing/compile.ts'
import { allMatchers } from '../../src/routing/matcher-catalogue.ts'
import type { Predicate } from '../../src/routing/matcher.ts'
import { parseRule } from '../../src/routing/parser.ts'
import type { RuleError } from '../../src/routing/parser.ts'
import type { Rule } from '../../src/routing/rule-tree.ts'

export const matchers = await allMatchers()

type Asked = Partial<Pick<Request, 'method' | 'path' | 'query' | 'host' | 'clientAddress'>> & {
  readonly fields?: readonly string[]
}

export function requestFor({ fields = [], ...asked }: Asked = {}): Request {
  const usual = { method: 'GET', path: '/', host: 'a.example.com', clientAddress: '192.0.2.1' }
  return Object.assign(new Request(), usual, asked, { headers: new HeaderList([...fields]) })
}

/** The tree of a rule that is right. */
export function ruleOf(text: string): Rule {
  const parsed = parseRule(text, matchers)
  if ('error' in parsed) assert.fail(`${text}: ${parsed.error.message}`)
  return parsed.rule
}

export function predicateOf(text: string): Predicate {
  return compileRule(ruleOf(text), matchers)
}

/** The complaint about a rule that is wrong. */
export function errorOf(text: string): RuleError {
  const parsed = parseRule(text, matchers)
  if ('rule' in parsed) assert.fail(`${text} was accepted`)
  return parsed.error
}

/** A rule in words without precedence: `(a & (b | !c))`. */
export function spelled(rule: Rule): string {
  if (rule.op === 'match') return `${rule.name}${rule.args.length > 0 ? `:${rule.args.join(',')}` : ''}`
  if (rule.op === 'not') return `!${spelled(rule.rule)}`
  return `(${spelled(rule.left)} ${rule.op === 'and' ? '&' : '|'} ${spelled(rule.right)})`
}
