/**
 * The values of one key of a query (with its question mark), decoded as forms are. As in Go, pairs that hold a
 * semicolon or a broken escape are left out: servers disagree about them.
 */
export function queryValues(query: string, key: string): string[] {
  if (query.length < 2) return []
  return query.slice(1).split('&').flatMap((pair) => {
    const equals = pair.indexOf('=')
    const name = formDecoded(equals < 0 ? pair : pair.slice(0, equals))
    if (name !== key || pair.includes(';')) return []
    return formDecoded(equals < 0 ? '' : pair.slice(equals + 1)) ?? []
  })
}

function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
