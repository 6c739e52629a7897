/**
 * The values of one key of a query (with its question mark), decoded as forms are. As in Go, pairs that hold a
 * semicolon or a broken escape are left out: servers disagree about what they mean.
 */
export function queryValues(query: string, key: string): string[] {
  const values: string[] = []
  for (let start = 1; start < query.length;) {
    const next = query.indexOf('&', start)
    const end = next < 0 ? query.length : next
    const value = valueOf(query.slice(start, end), key)
    if (value !== undefined) values.push(value)
    start = end + 1
  }
  return values
}

function valueOf(pair: string, key: string): string | undefined {
  if (pair === '' || pair.includes(';')) return undefined
  const equals = pair.indexOf('=')
  if (formDecoded(equals < 0 ? pair : pair.slice(0, equals)) !== key) return undefined
  return formDecoded(equals < 0 ? '' : pair.slice(equals + 1))
}

/** Undefined when an escape is broken. Bytes that are no UTF-8 are allowed, and become U+FFFD. */
function formDecoded(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  if (/%(?![0-9A-Fa-f]{2})/.test(spaced)) return undefined
  return spaced.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
  )
}
