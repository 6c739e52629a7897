/** Writes ASN.1 in the distinguished encoding (X.690): as much of it as X.509 needs. */

export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

export function sequence(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...content)
}

export function set(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x31, ...content)
}

/** A positive number, as big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start < 0 ? Buffer.from([0]) : Buffer.from(bytes.subarray(start))
  // The first bit is the sign.
  return digits[0]! > 127 ? tagged(2, Buffer.from([0]), digits) : tagged(2, digits)
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(6, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

export function utf8String(text: string): Buffer {
  return tagged(12, Buffer.from(text, 'utf8'))
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`
  return date.getUTCFullYear() < 2050
    ? tagged(23, Buffer.from(digits.slice(2)))
    : tagged(24, Buffer.from(digits))
}

export function octetString(...content: readonly Uint8Array[]): Buffer {
  return tagged(4, ...content)
}

/** A whole number of bytes. */
export function bitString(bytes: Uint8Array): Buffer {
  return tagged(3, Buffer.from([0]), bytes)
}

export const TRUE = tagged(1, Buffer.from([255]))

function length(value: number): Buffer {
  if (value < 128) return Buffer.from([value])
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([128 + bytes.length, ...bytes])
}

function base128(value: number): number[] {
  const bytes = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift((rest % 128) + 128)
  return bytes
}
