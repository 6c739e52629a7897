import { RE2JS } from 're2js'

/** A compiled regular expression in RE2 syntax, as in Traefik. It takes linear time, whatever the text. */
export interface Regex {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean
  /** Every match replaced; `$1`, `${1}`, `${name}` and `$$` are expanded as Go does. */
  replace(text: string, replacement: string): string
}

/** The expression cannot be used; the message says why. */
export class RegexError extends Error {
  override readonly name = 'RegexError'
}

/** Characters that an expression may have: compiling costs more than matching. */
const MAX_LENGTH = 1_000

/**
 * Compiles an expression; not anchored.
 * @throws RegexError when it is malformed or too long
 */
export function compileRegex(source: string): Regex {
  if (source.length > MAX_LENGTH) {
    throw new RegexError(`a regular expression may have ${MAX_LENGTH} characters, this one has ${source.length}`)
  }
  const compiled = compile(source)
  return {
    test: (text) => compiled.test(text),
    replace: (text, replacement) => replaceAll(compiled, text, replacement),
  }
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error)
    throw new RegexError(`\`${source}\` is no regular expression: ${reason}`)
  }
}

function replaceAll(compiled: RE2JS, text: string, replacement: string): string {
  const matcher = compiled.matcher(text)
  const names = compiled.namedGroups() as Readonly<Record<string, number>>
  let result = ''
  let from = 0
  while (matcher.find()) {
    const group = (name: string): string => {
      const index = /^\d+$/.test(name) ? Number(name) : names[name]
      return index === undefined || index > compiled.groupCount() ? '' : (matcher.group(index) ?? '')
    }
    result += text.slice(from, matcher.start()) + expand(replacement, group)
    from = matcher.end()
  }
  return result + text.slice(from)
}

/** Go's `Regexp.Expand`: without braces the name is as long as can be, so `$1x` is the group `1x`, which is empty. */
function expand(replacement: string, group: (name: string) => string): string {
  return replacement.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare
    return name === undefined ? (whole === '$$' ? '$' : whole) : group(name)
  })
}
