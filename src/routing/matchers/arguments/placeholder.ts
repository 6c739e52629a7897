/**
 * The first `{name}` or `{name:pattern}` of a text, which was a placeholder in version 2 and would now match nothing.
 * Braces that belong to a regular expression (`a{2}`, `\p{Greek}`, `\x{1F600}`) are none.
 */
export function placeholderIn(text: string): string | undefined {
  return /(?<!\\[pPx]?)\{[A-Za-z_][\w-]*(?::[^}]*)?\}/.exec(text)?.[0]
}
