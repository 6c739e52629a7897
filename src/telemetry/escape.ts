import { isUtf8 } from 'node:buffer'

// All control characters (a terminal takes U+009B for the start of a command) and the two line separators.
const UNSAFE = /[\p{Cc}\u2028\u2029]/gu
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text in which nothing can end a line or command a terminal: `\n`, `\x1b`, `\u2028`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, escapeOne)
}

/** Escapes what `JSON.stringify` leaves raw though terminals act on it: C1 controls and line separators. */
export function escapeC1(text: string): string {
  return text.replace(/[\u0080-\u009f\u2028\u2029]/g, escapeOne)
}

function escapeOne(character: string): string {
  const code = character.charCodeAt(0)
  const hex = code.toString(16)
  return NAMED[character] ?? (code < 256 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`)
}

/**
 * What came from the wire as one character per byte, as readable text: UTF-8 where it is that, and otherwise each
 * byte above ASCII escaped.
 */
export function fromWire(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.toString('latin1') !== text) return text
  return isUtf8(bytes) ? bytes.toString('utf8') : text.replace(/[\u0080-\u00ff]/g, escapeOne)
}
