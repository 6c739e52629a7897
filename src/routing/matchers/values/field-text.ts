/** Values of fields are held byte by byte (latin1); rules are text. */

/** How a text stands in a field that was sent as UTF-8. */
export function bytesOfText(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** The text of a field that was sent as UTF-8; nearly all are ASCII, and so are their own text. */
export function textOfBytes(value: string): string {
  return !/\P{ASCII}/u.test(value) ? value : Buffer.from(value, 'latin1').toString()
}
