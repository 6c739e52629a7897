/** Characters that may stand in a path as they are (RFC 3986 §3.3), and whole escapes. */
const NOT_PATH = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/-]/gu

const NEEDS_ESCAPE = /[^A-Za-z0-9._~!$&'()*+,;=:@/%-]|%(?![0-9A-Fa-f]{2})/u

/** A path from configuration in the form in which it can be sent: what may not stand in a path is escaped. */
export function pathText(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text
  return text.replace(NOT_PATH, (part) => (part.length === 3 && part.startsWith('%') ? part : escape(part)))
}

/** Whether a path holds `.` or `..` as a segment, also to a server that takes `%2F` or `%5C` for a separator. */
export function hasDotSegment(path: string): boolean {
  if (!path.includes('.') && !path.includes('%2')) return false
  return DOT_SEGMENT.test(path)
}

const DOT_SEGMENT = /(?:^|\/|\\|%2f|%5c)(?:\.|%2e){1,2}(?:$|\/|\\|%2f|%5c)/i

function escape(character: string): string {
  let text = ''
  for (const byte of Buffer.from(character, 'utf8'))
    text += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return text
}
