import { suggest } from '../config/suggest.ts'

/** What follows a prefix so often that a prefix nearly right before it is a slip. */
const LIKELY = new Set(['enable', 'http', 'tcp', 'udp', 'app', 'tag', 'env', 'domain'])
const LONGEST = 64

/** The longest of the prefixes with which a tag begins, since one may start with another; letters' case is ignored. */
export function prefixOf(tag: string, prefixes: readonly string[]): string | undefined {
  const text = tag.trimStart()
  return prefixes
    .filter((prefix) => beginsWith(text, `${prefix}.`))
    .toSorted((a, b) => b.length - a.length)[0]
}

/** The prefix that a `key=value` tag was meant to have, when it has one that is nearly right. */
export function misspeltPrefix(
  tag: string,
  prefixes: readonly string[],
): { readonly prefix: string; readonly meant: string } | undefined {
  const [prefix = '', word] = tag.slice(0, tag.indexOf('=')).trim().split('.', 2)
  if (word === undefined || !LIKELY.has(word.toLowerCase()) || prefix.length > LONGEST) return undefined
  const meant = suggest(prefix, prefixes)
  return meant === undefined ? undefined : { prefix, meant: `${meant}.${word}` }
}

function beginsWith(text: string, start: string): boolean {
  return text.slice(0, start.length).toLowerCase() === start.toLowerCase()
}
