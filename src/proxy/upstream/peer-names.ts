/** A subject alternative name as Node writes them all in one text: a kind, and a value in quotes where it has to be. */
const NAME = /([^:]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y

/** Whether a certificate's names (`DNS:a.test, URI:spiffe://b`) hold one of these. DNS names are compared whatever their case. */
export function hasName(
  subjectAltNames: string | undefined,
  wanted: readonly { readonly type: 'DNS' | 'URI'; readonly value: string }[],
): boolean {
  return namesIn(subjectAltNames ?? '').some(({ type, value }) =>
    wanted.some((one) => one.type === type && same(type, one.value, value)),
  )
}

/** Read from the first to the last character, so that nothing in a value can pass for another name. */
function namesIn(text: string): { readonly type: string; readonly value: string }[] {
  const names: { type: string; value: string }[] = []
  NAME.lastIndex = 0
  while (NAME.lastIndex < text.length) {
    const found = NAME.exec(text)
    if (!found) return []
    names.push({ type: found[1]!, value: unquoted(found[2]!) })
  }
  return names
}

function unquoted(value: string): string {
  return value.startsWith('"') ? String(JSON.parse(value)) : value
}

function same(type: 'DNS' | 'URI', one: string, other: string): boolean {
  return type === 'DNS' ? one.toLowerCase() === other.toLowerCase() : one === other
}
