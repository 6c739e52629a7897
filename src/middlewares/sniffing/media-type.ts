/* oxlint-disable no-control-regex -- signatures are made of control characters */
/** Bytes that tell; what stands behind them is never looked at. */
export const SNIFFED_BYTES = 512

/** Elements that documents begin with (WHATWG MIME Sniffing §7.1). */
const HTML =
  /^[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >]/i
const HTML_COMMENT = /^[\t\n\f\r ]*<!--/
const XML = /^[\t\n\f\r ]*<\?xml/
/** Bytes that no text has (WHATWG MIME Sniffing §3). */
const BINARY = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/

/** What begins so is of this type. A dot stands for any byte. */
const SIGNATURES: readonly (readonly [pattern: RegExp, type: string])[] = [
  [HTML, 'text/html; charset=utf-8'],
  [HTML_COMMENT, 'text/html; charset=utf-8'],
  [XML, 'text/xml; charset=utf-8'],
  [/^%PDF-/, 'application/pdf'],
  [/^%!PS-Adobe-/, 'application/postscript'],
  [/^\xfe\xff../s, 'text/plain; charset=utf-16be'],
  [/^\xff\xfe../s, 'text/plain; charset=utf-16le'],
  [/^\xef\xbb\xbf./s, 'text/plain; charset=utf-8'],
  [/^\x00\x00[\x01\x02]\x00/, 'image/x-icon'],
  [/^BM/, 'image/bmp'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF....WEBPVP/s, 'image/webp'],
  [/^\x89PNG\r\n\x1a\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^FORM....AIFF/s, 'audio/aiff'],
  [/^\.snd/, 'audio/basic'],
  [/^ID3/, 'audio/mpeg'],
  [/^OggS\x00/, 'application/ogg'],
  [/^MThd\x00\x00\x00\x06/, 'audio/midi'],
  [/^RIFF....AVI /s, 'video/avi'],
  [/^RIFF....WAVE/s, 'audio/wave'],
  [/^\x1aE\xdf\xa3/, 'video/webm'],
  [/^(?=.{0,33}\x00).{34}LP/s, 'application/vnd.ms-fontobject'],
  [/^\x00\x01\x00\x00/, 'font/ttf'],
  [/^OTTO/, 'font/otf'],
  [/^ttcf/, 'font/collection'],
  [/^wOFF/, 'font/woff'],
  [/^wOF2/, 'font/woff2'],
  [/^\x1f\x8b\x08/, 'application/x-gzip'],
  [/^PK\x03\x04/, 'application/zip'],
  [/^Rar!\x1a\x07(?:\x00|\x01\x00)/, 'application/x-rar-compressed'],
  [/^\x00asm/, 'application/wasm'],
]

/** The media type of a resource that begins with these bytes, by the signatures of WHATWG MIME Sniffing. */
export function sniffMediaType(bytes: Buffer): string {
  const head = bytes.subarray(0, SNIFFED_BYTES)
  const text = head.toString('latin1')
  const found = SIGNATURES.find(([pattern]) => pattern.test(text))
  if (found) return found[1]
  if (isMp4(head)) return 'video/mp4'
  return BINARY.test(text) ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}

/** Its first box says so (WHATWG MIME Sniffing §6.2.1). */
function isMp4(head: Buffer): boolean {
  if (head.length < 12 || head.toString('latin1', 4, 8) !== 'ftyp') return false
  const size = head.readUInt32BE(0)
  if (size % 4 !== 0 || head.length < size) return false
  for (let at = 8; at + 3 <= size; at += at === 8 ? 8 : 4)
    if (head.toString('latin1', at, at + 3) === 'mp4') return true
  return false
}
