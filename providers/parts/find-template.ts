import type { Problem } from '../../src/config/problem.ts'

/**
 * The place of the first Go template action outside of quoted strings and comments. Traefik renders files as
 * templates before it parses them; here they would be misread as something else, so that is refused in words.
 */
export function findTemplate(lines: readonly string[], path: string): Problem | undefined {
  for (const [i, line] of lines.entries()) {
    const at = templateColumn(line)
    if (at === undefined) continue
    return {
      code: 'E104',
      severity: 'error',
      message: 'a Go template stands here, and templates in files are not read',
      remedy: 'write the values out, quote the text if it is meant as it stands, or render the file before',
      origin: { source: path, line: i + 1, column: at + 1 },
    }
  }
  return undefined
}

/** A quote opens a string where a value may begin; the apostrophe of a word does not. A `#` after a space comments. */
const TOKENS = /(?<![\w`])"(?:[^"\\]|\\.)*"|(?<![\w`])'[^']*'|(?:^|\s)#.*$|\{\{/g

function templateColumn(line: string): number | undefined {
  if (!line.includes('{{')) return undefined
  for (const { 0: token, index } of line.matchAll(TOKENS)) if (token === '{{') return index
  return undefined
}
