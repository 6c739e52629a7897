/** What a condition is made of. */
export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'value'; readonly text: string; readonly value: number | string; readonly at: number }
  | { readonly kind: 'sign'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number }

/** The text is no condition; the message says why and where, as a sentence without a full stop. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError'
}

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|"(?<quoted>[^"\\]*)"|`(?<raw>[^`]*)`|(?<sign>&&|\|\||[<>=!]=|[<>!(),]))/y

/** @throws ConditionError at a character that begins nothing */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < end;) {
    const from = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) throw new ConditionError(`what is this: \`${text.slice(from).trim().slice(0, 20)}\``)
    tokens.push(tokenOf(match.groups!, match[0].trim(), from))
  }
  return [...tokens, { kind: 'end', text: '', at: end }]
}

function tokenOf(groups: Record<string, string | undefined>, text: string, at: number): Token {
  const { name, number, quoted, raw } = groups
  if (name !== undefined) return { kind: 'name', text, at }
  if (number !== undefined) return { kind: 'value', text, value: Number(number), at }
  const value = quoted ?? raw
  return value === undefined ? { kind: 'sign', text, at } : { kind: 'value', text, value, at }
}
