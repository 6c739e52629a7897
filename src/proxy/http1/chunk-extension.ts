import { CR, TOKEN, VALUE } from './bytes.ts'

/** Where in a list of chunk extensions a byte stands. */
export type ExtensionState =
  | 'start'
  | 'name'
  | 'value start'
  | 'value'
  | 'quoted'
  | 'escape'
  | 'behind quotes'

const SEMICOLON = ';'.charCodeAt(0)
const EQUALS = '='.charCodeAt(0)
const QUOTE = '"'.charCodeAt(0)
const BACKSLASH = '\\'.charCodeAt(0)

/**
 * The state behind `byte`, `end` at the CR that ends the size line, or undefined when it is out of place: extensions
 * (RFC 9112 §7.1.1, without blanks) are ignored, but parsers that disagree on where they end disagree on where the
 * data begins (CVE-2025-55315). So a list of them is `;name`, `;name=token` or `;name="…"`, and nothing else.
 */
export function nextInExtension(state: ExtensionState, byte: number): ExtensionState | 'end' | undefined {
  const inToken = TOKEN[byte] !== 0
  switch (state) {
    case 'start':
      return inToken ? 'name' : undefined
    case 'name':
      if (inToken) return 'name'
      return byte === EQUALS ? 'value start' : behind(byte)
    case 'value start':
      if (byte === QUOTE) return 'quoted'
      return inToken ? 'value' : undefined
    case 'value':
      return inToken ? 'value' : behind(byte)
    case 'quoted':
      if (byte === QUOTE) return 'behind quotes'
      if (byte === BACKSLASH) return 'escape'
      return VALUE[byte] === 1 ? 'quoted' : undefined
    case 'escape':
      return VALUE[byte] === 1 ? 'quoted' : undefined
    case 'behind quotes':
      return behind(byte)
  }
}

function behind(byte: number): 'start' | 'end' | undefined {
  if (byte === SEMICOLON) return 'start'
  return byte === CR ? 'end' : undefined
}
