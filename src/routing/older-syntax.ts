import { placeholderIn } from './matchers/arguments/placeholder.ts'
import { failure } from './rule-error.ts'
import type { RuleError } from './rule-error.ts'

/** Matchers of version 1, and those of version 3 that do the same; those that changed requests are middlewares now. */
const VERSION_1: Readonly<Record<string, string | undefined>> = {
  Host: 'Host',
  HostRegexp: 'HostRegexp',
  Path: 'Path',
  PathStrip: 'Path',
  PathStripRegex: 'PathRegexp',
  PathPrefix: 'PathPrefix',
  PathPrefixStrip: 'PathPrefix',
  PathPrefixStripRegex: 'PathRegexp',
  Method: 'Method',
  Headers: 'Header',
  HeadersRegexp: 'HeaderRegexp',
  Query: 'Query',
  AddPrefix: undefined,
  ReplacePath: undefined,
  ReplacePathRegex: undefined,
}

/** Beyond this the rule is not written out in a remedy. */
const MAX_REMEDY = 400

/** The complaint about a rule of Traefik version 1, such as `Host:a.example.com;PathPrefix:/x`, or undefined. */
export function modernRule(text: string): RuleError | undefined {
  const [whole = '', space = '', name = ''] = /^(\s*)([A-Za-z]+)\s*:/.exec(text) ?? []
  if (!Object.hasOwn(VERSION_1, name)) return undefined
  const parts = text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const modern = parts.flatMap((part) => modernPart(part) ?? [])
  const joined = modern
    .map((part) => (modern.length > 1 && part.includes(' || ') ? `(${part})` : part))
    .join(' && ')
  const moved = parts
    .map((part) => part.split(':')[0]!.trim())
    .filter((one) => /Strip|AddPrefix|ReplacePath/.test(one))
  const rule =
    joined === '' || joined.length > MAX_REMEDY
      ? 'it as in version 3, such as Host(`a.example.com`) && PathPrefix(`/x`)'
      : joined
  const advice =
    moved.length === 0 ? '' : `, and add a middleware that does the rest of ${moved.slice(0, 3).join(', ')}`
  const place = { offset: space.length, length: whole.length - space.length }
  return failure(place, 'this is a rule of Traefik version 1', `write ${rule}${advice}`).at
}

/** `Host:a,b` → ``Host(`a`) || Host(`b`)``. Undefined when there is no such condition any more. */
function modernPart(part: string): string | undefined {
  const colon = part.indexOf(':')
  const name = VERSION_1[colon < 0 ? part : part.slice(0, colon).trim()]
  if (name === undefined) return undefined
  const values = part
    .slice(colon + 1)
    .split(',')
    .map((value) => value.trim())
  if (name === 'Header' || name === 'HeaderRegexp') return written(name, values)
  return values.map((value) => modernOne(name, value) ?? written(name, [value])).join(' || ')
}

/**
 * What to write instead of a call in the manner of version 2, which took any number of values and wrote
 * `{name:pattern}` within hosts and paths; undefined when the call is none of those.
 */
export function modernCall(name: string, values: readonly string[]): string | undefined {
  if (!ONE_VALUE.has(name) || values.length === 0) return undefined
  if (name === 'Query' && !values.some((value) => value.includes('='))) return undefined
  const modern = values.map((value) => modernOne(name, value))
  if (values.length === 1 && modern[0] === undefined) return undefined
  const calls = values.map((value, i) => modern[i] ?? written(name, [value])).join(' || ')
  return calls.length > MAX_REMEDY
    ? `write one call of ${name} for each value, with \`||\` between`
    : `write ${calls}`
}

const ONE_VALUE = new Set([
  'Host',
  'HostRegexp',
  'Path',
  'PathPrefix',
  'PathRegexp',
  'Method',
  'ClientIP',
  'Query',
])

function modernOne(name: string, value: string): string | undefined {
  if (name === 'Query') {
    const equals = value.indexOf('=')
    return equals < 0 ? undefined : written(name, [value.slice(0, equals), value.slice(equals + 1)])
  }
  if (placeholderIn(value) === undefined) return undefined
  if (name === 'HostRegexp' || name === 'Host') return written('HostRegexp', [`^${pattern(value, '[^.]+')}$`])
  if (name === 'Path') return written('PathRegexp', [`^${pattern(value, '[^/]+')}$`])
  return name === 'PathPrefix' ? written('PathRegexp', [`^${pattern(value, '[^/]+')}`]) : undefined
}

/** The regular expression that a text with placeholders meant; braces within a placeholder's pattern are balanced. */
export function pattern(text: string, usual: string): string {
  let result = ''
  let depth = 0
  let inside = ''
  for (const character of text) {
    if (character === '{' && depth++ === 0) continue
    if (character === '}' && depth > 0 && --depth === 0) {
      const colon = inside.indexOf(':')
      result += colon < 0 ? usual : grouped(inside.slice(colon + 1))
      inside = ''
    } else if (depth > 0) inside += character
    else result += character.replace(/[.*+?^$()|[\]\\{}]/, String.raw`\$&`)
  }
  return result
}

function grouped(source: string): string {
  return source.includes('|') ? `(?:${source})` : source
}

/** A call as one writes it. */
export function written(name: string, values: readonly string[]): string {
  return `${name}(${values.map((value) => (value.includes('`') ? JSON.stringify(value) : `\`${value}\``)).join(', ')})`
}
