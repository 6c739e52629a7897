import { pattern } from '../routing/older-syntax.ts'

/** A rule of Traefik v1 in today's words. */
export interface TranslatedRule {
  readonly rule: string
  /** What the rule did to the path, as middlewares of today, in the order in which Traefik v1 did it. */
  readonly middlewares: readonly OldModifier[]
}

export interface OldModifier {
  readonly kind: 'stripPrefix' | 'addPrefix' | 'replacePathRegex'
  readonly options: Readonly<Record<string, string | readonly string[]>>
}

/** The rule cannot be translated; the message continues "the rule of Traefik v1 is not understood:". */
export interface UntranslatedRule {
  readonly error: string
}

const LONGEST = 4_096

/**
 * Translates the rules of Traefik v1: `Host:a.example,b.example;PathPrefix:/x`, in which `;` means and, `,` means
 * or, and `{name:pattern}` stands for a part that matches. Pure.
 */
export function translateOldRule(text: string): TranslatedRule | UntranslatedRule {
  if (text.length > LONGEST) return { error: `it is longer than ${LONGEST} characters` }
  const conditions: string[] = []
  const modifiers: OldModifier[] = []
  try {
    for (const part of splitOutside(text, ';').filter((one) => one.trim() !== '')) {
      const { words, args } = parsePart(part)
      conditions.push(...words.conditions(args))
      modifiers.push(...(words.modifiers?.(args) ?? []))
    }
  } catch (error) {
    if (error instanceof OldRuleError) return { error: error.message }
    throw error
  }
  if (conditions.length === 0 && modifiers.length === 0) return { error: 'it is empty' }
  const rule = conditions.length === 0 ? 'PathPrefix(`/`)' : conditions.map(grouped(conditions)).join(' && ')
  return { rule, middlewares: modifiers.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind)) }
}

class OldRuleError extends Error {}

const ORDER: readonly OldModifier['kind'][] = ['stripPrefix', 'addPrefix', 'replacePathRegex']

/** What one word of the old language says today. */
interface OldWord {
  readonly conditions: (args: readonly string[]) => string[]
  readonly modifiers?: (args: readonly string[]) => OldModifier[]
}

function parsePart(part: string): { readonly words: OldWord; readonly args: readonly string[] } {
  const colon = part.indexOf(':')
  const name = (colon === -1 ? part : part.slice(0, colon)).trim()
  const words = WORDS.get(name.toLowerCase())
  if (!words) throw new OldRuleError(`there is no \`${name.slice(0, 40)}\``)
  const args = (colon === -1 ? [] : splitOutside(part.slice(colon + 1), ','))
    .map((arg) => arg.trim())
    .filter((arg) => arg !== '')
  if (args.length === 0) throw new OldRuleError(`\`${name}\` says nothing`)
  if (args.some((arg) => depthOf(arg) !== 0)) throw new OldRuleError('a `{` has no `}`')
  return { words, args }
}

const PATH_PART = '[^/]+'
const HOST_PART = '[^.]+'

const WORDS: ReadonlyMap<string, OldWord> = new Map<string, OldWord>([
  ['host', { conditions: (args) => anyOf(args, (arg) => call('Host', arg.toLowerCase())) }],
  [
    'hostregexp',
    { conditions: (args) => anyOf(args, (arg) => call('HostRegexp', `^${pattern(arg, HOST_PART)}$`)) },
  ],
  ['path', { conditions: paths }],
  ['pathprefix', { conditions: prefixes }],
  ['pathstrip', { conditions: paths, modifiers: (args) => strip(args, '$') }],
  ['pathprefixstrip', { conditions: prefixes, modifiers: (args) => strip(args, '') }],
  ['pathstripregex', { conditions: paths, modifiers: (args) => strip(args, '$') }],
  ['pathprefixstripregex', { conditions: prefixes, modifiers: (args) => strip(args, '') }],
  [
    'addprefix',
    { conditions: () => [], modifiers: ([prefix]) => [{ kind: 'addPrefix', options: { prefix: prefix! } }] },
  ],
  [
    'replacepath',
    { conditions: () => [], modifiers: ([path]) => [replacePath('^.*$', literalReplacement(path!))] },
  ],
  ['replacepathregex', { conditions: () => [], modifiers: ([text]) => [replaceRegex(text!)] }],
  ['method', { conditions: (args) => anyOf(args, (arg) => call('Method', arg.toUpperCase())) }],
  ['headers', { conditions: (args) => pairs(args).map(([key, value]) => call('Header', key, value)) }],
  [
    'headersregexp',
    { conditions: (args) => pairs(args).map(([key, value]) => call('HeaderRegexp', key, value)) },
  ],
  ['query', { conditions: (args) => args.map(query) }],
])

function paths(args: readonly string[]): string[] {
  return anyOf(args, (arg) =>
    isPattern(arg) ? call('PathRegexp', `^${pattern(arg, PATH_PART)}$`) : call('Path', arg),
  )
}

function prefixes(args: readonly string[]): string[] {
  return anyOf(args, (arg) =>
    isPattern(arg) ? call('PathRegexp', `^${pattern(arg, PATH_PART)}`) : call('PathPrefix', arg),
  )
}

/** Plain prefixes are stripped by name; patterns by an expression that keeps what follows. */
function strip(args: readonly string[], end: '$' | ''): OldModifier[] {
  const plain = args.filter((arg) => !isPattern(arg))
  const patterns = args.filter(isPattern).map((arg) => pattern(arg, PATH_PART))
  return [
    ...(plain.length > 0 ? [{ kind: 'stripPrefix', options: { prefixes: plain } } as const] : []),
    ...patterns.map((source) => replacePath(`^${source}/?(.*)${end}`, '/$1')),
  ]
}

function replacePath(regex: string, replacement: string): OldModifier {
  return { kind: 'replacePathRegex', options: { regex, replacement } }
}

/** `^/api/(.*) /$1`: expression and replacement, a blank between them. */
function replaceRegex(text: string): OldModifier {
  const [regex, replacement, ...rest] = text.split(/\s+/)
  if (regex === undefined || replacement === undefined || rest.length > 0)
    throw new OldRuleError('`ReplacePathRegex` takes an expression and, behind a blank, what to write')
  return replacePath(regex, replacement)
}

function literalReplacement(text: string): string {
  return text.replaceAll('$', '$$$$')
}

function pairs(args: readonly string[]): [string, string][] {
  if (args.length % 2 !== 0) throw new OldRuleError('a header has a name and, behind a comma, a value')
  return Array.from({ length: args.length / 2 }, (_, index) => [args[index * 2]!, args[index * 2 + 1]!])
}

function query(arg: string): string {
  const split = arg.indexOf('=')
  const [key, value] = split === -1 ? [arg, ''] : [arg.slice(0, split), arg.slice(split + 1)]
  if (isPattern(value)) return call('QueryRegexp', key, `^${pattern(value, '.*')}$`)
  return value === '' ? call('Query', key) : call('Query', key, value)
}

function isPattern(text: string): boolean {
  return text.includes('{')
}

/** Splits where no brace is open: patterns may hold the separator. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}') depth--
    else if (text[at] === separator && depth <= 0) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)]
}

/** Braces that are open at the end. */
function depthOf(text: string): number {
  return text.split('{').length - text.split('}').length
}

function anyOf(args: readonly string[], condition: (arg: string) => string): string[] {
  return [args.map(condition).join(' || ')]
}

function grouped(conditions: readonly string[]): (condition: string) => string {
  return (condition) => (conditions.length > 1 && condition.includes(' || ') ? `(${condition})` : condition)
}

/** What would end a literal, or cannot be seen, is no part of any host or path that was meant. */
function call(matcher: string, ...args: readonly string[]): string {
  if (args.some((arg) => /[`\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(arg)))
    throw new OldRuleError('it holds a back-tick or a control character')
  return `${matcher}(${args.map((arg) => `\`${arg}\``).join(', ')})`
}
