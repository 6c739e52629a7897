import fc from 'fast-check'
import type { Stream } from './message-grammar.ts'

/** One change of the bytes at some place, counted in thousandths of the length. */
interface Mutation {
  readonly kind: 'flip' | 'insert' | 'remove' | 'replace' | 'repeat line' | 'drop line' | 'move line'
  readonly at: number
  readonly bytes: string
  readonly bit: number
}

const BYTES = fc.oneof(
  fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '\v',
    '\x7f',
    '\x80',
    '_',
    '-',
    '0',
    'x',
    '#',
    '%',
    '\\',
    '/',
  ),
  fc.constantFrom(
    '\r\n\r\n',
    '\n\n',
    '\r\n ',
    '\r\nTransfer-Encoding: chunked\r\n',
    '\r\nContent-Length: 1\r\n',
    '0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  ),
)
const MUTATION: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom<Mutation['kind'][]>(
    'flip',
    'insert',
    'remove',
    'replace',
    'repeat line',
    'drop line',
    'move line',
  ),
  at: fc.nat(999),
  bytes: BYTES,
  bit: fc.nat(7),
})

/** Messages one behind the other, some of them damaged, cut into pieces anywhere. */
export function damaged(message: fc.Arbitrary<string>, most: number): fc.Arbitrary<Stream> {
  return fc
    .record({
      messages: fc.array(message, { minLength: 1, maxLength: most }),
      mutations: fc.oneof(fc.constant<Mutation[]>([]), fc.array(MUTATION, { maxLength: 3 })),
      cuts: fc.oneof(fc.constant<number[]>([]), fc.array(fc.nat(999), { maxLength: 4 })),
    })
    .map(({ messages, mutations, cuts }) => ({
      pieces: pieces(mutations.reduce(mutated, messages.join('')), cuts),
    }))
}

function mutated(text: string, { kind, at, bytes, bit }: Mutation): string {
  const index = Math.floor((text.length * at) / 1_000)
  const [before, after] = [text.slice(0, index), text.slice(index)]
  switch (kind) {
    case 'flip':
      return text === ''
        ? ''
        : before + String.fromCharCode(text.charCodeAt(index) ^ (1 << bit)) + after.slice(1)
    case 'insert':
      return before + bytes + after
    case 'remove':
      return before + after.slice(1)
    case 'replace':
      return before + bytes + after.slice(1)
    case 'repeat line':
    case 'drop line':
    case 'move line':
      return withLine(text, kind, at, bit)
  }
}

function withLine(text: string, kind: Mutation['kind'], at: number, distance: number): string {
  const lines = text.split('\r\n')
  const index = Math.floor((lines.length * at) / 1_000)
  const line = lines[index]!
  if (kind === 'repeat line') lines.splice(index, 0, line)
  else lines.splice(index, 1)
  if (kind === 'move line') lines.splice((index + distance) % (lines.length + 1), 0, line)
  return lines.join('\r\n')
}

function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => Math.floor((text.length * cut) / 1_000)))].toSorted(
    (a, b) => a - b,
  )
  const bounds = [0, ...places, text.length]
  return bounds
    .slice(1)
    .map((end, i) => text.slice(bounds[i], end))
    .filter((piece) => piece !== '')
}
