/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Control characters other than the tab: CR and LF would begin a field of their own (RFC 9110 §5.5). */
const CONTROL = /(?!\t)\p{Cc}/u
const CONTROLS = /(?!\t)\p{Cc}/gu

/**
 * Fields that say how a message is framed or how far it travels (RFC 9110 §7.6.1). The engine writes them; a value
 * from configuration could make the two sides disagree about where a message ends.
 */
const FRAMING = new Set([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What is wrong with `name` as the name of a field that configuration sets, as a sentence, or undefined. */
export function fieldNameComplaint(name: string): string | undefined {
  if (!TOKEN.test(name)) return `\`${printable(name)}\` is not the name of a header field`
  if (FRAMING.has(name.toLowerCase()))
    return `\`${name}\` belongs to the connection and is written by the proxy alone`
  return undefined
}

/** What is wrong with `value` as the value of `what`, as a sentence, or undefined. */
export function fieldValueComplaint(what: string, value: string): string | undefined {
  return CONTROL.test(value)
    ? `\`${printable(what)}\` holds a line break or another control character`
    : undefined
}

/** The first complaint about the named values; those that are undefined are passed over. */
export function fieldValuesComplaint(
  values: Readonly<Record<string, string | undefined>>,
): string | undefined {
  for (const [what, value] of Object.entries(values)) {
    const complaint = value === undefined ? undefined : fieldValueComplaint(what, value)
    if (complaint) return complaint
  }
  return undefined
}

/** Text as it is kept in header lists, where each character is one byte: UTF-8, without blanks around it. */
export function wireText(value: string): string {
  return Buffer.from(value.trim(), 'utf8').toString('latin1')
}

function printable(text: string): string {
  return text.replace(CONTROLS, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
