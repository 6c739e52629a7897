import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Body } from '../../src/proxy/body.ts'
import { ChunkedDecoder } from '../../src/proxy/http1/chunked-decoder.ts'

interface Decoded {
  readonly offsets: readonly number[]
  readonly done: boolean
  readonly data: string
  readonly pieces: number
  readonly trailers: readonly string[]
}

/** Decodes these pieces one after the other, each in a buffer that is scribbled over afterwards, as the wire does. */
function decode(pieces: readonly string[]): Decoded {
  const body = new Body(undefined, null)
  const decoder = new ChunkedDecoder(body)
  const offsets: number[] = []
  for (const piece of pieces) {
    const borrowed = Buffer.from(`!${piece}`, 'latin1')
    const offset = decoder.write(borrowed, 1)
    borrowed.fill('?')
    offsets.push(offset < 0 ? offset : offset - 1)
    if (offset < 0 || decoder.done) break
  }
  const data: Buffer[] = []
  for (let chunk = body.take(); chunk; chunk = body.take()) data.push(chunk)
  const text = Buffer.concat(data).toString('latin1')
  return {
    offsets,
    done: decoder.done,
    data: text,
    pieces: data.length,
    trailers: body.trailers?.fields ?? [],
  }
}

const CASES: readonly (readonly [name: string, coded: string, expected: Partial<Decoded>])[] = [
  ['nothing', '0\r\n\r\n', { done: true, data: '', offsets: [5] }],
  ['one chunk', '3\r\nabc\r\n0\r\n\r\n', { done: true, data: 'abc', offsets: [13] }],
  ['zeros in front', '0003\r\nabc\r\n0000\r\n\r\n', { done: true, data: 'abc' }],
  [
    'hexadecimal in both cases',
    `a\r\n${'x'.repeat(10)}\r\nA\r\n${'y'.repeat(10)}\r\n0\r\n\r\n`,
    { data: 'xxxxxxxxxxyyyyyyyyyy' },
  ],
  ['what follows is left alone', '1\r\na\r\n0\r\n\r\nGET /', { done: true, data: 'a', offsets: [11] }],
  ['a trailer', '1\r\na\r\n0\r\nX: b\r\n\r\nGET /', { done: true, offsets: [17], trailers: ['X', 'b'] }],
  ['not yet complete', '5\r\nab', { done: false, data: 'ab', offsets: [5] }],
  ['a size of twelve digits', 'ffffffffffff\r\nab', { done: false, data: 'ab' }],
  ['a size of thirteen digits', '0000000000003\r\nabc\r\n', { offsets: [-1] }],
]
for (const [name, coded, expected] of CASES) {
  test(`chunked: ${name}`, () => assert.deepEqual({ ...decode([coded]), ...expected }, decode([coded])))
}

test('the data of many chunks in one read is one piece', () => {
  const { data, pieces } = decode(['1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n'])
  assert.equal(data, 'abcdef')
  assert.equal(pieces, 1)
})

test('trailers that frame, route or authenticate are dropped, and their look-alikes with `_`', () => {
  const names = [
    'Host',
    'Authorization',
    'X-Forwarded-For',
    'X_Forwarded_For',
    'X-Real-Ip',
    'Cookie',
    'Set-Cookie',
    'TE',
    'Via',
  ]
  const { done, trailers } = decode([
    `0\r\n${names.map((name) => `${name}: a\r\n`).join('')}Checksum: b\r\n\r\n`,
  ])
  assert.ok(done)
  assert.deepEqual(trailers, ['Checksum', 'b'])
})

const anyBytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
  maxLength: 60,
})
/** A chunked body with its data, in any cut. */
const coded = fc
  .record({
    chunks: fc.array(
      anyBytes.filter((data) => data !== ''),
      { maxLength: 8 },
    ),
    extension: fc.constantFrom('', ';a', ';a=b', ';a="b c"'),
    trailer: fc.constantFrom('', 'X: y\r\n', 'X: y\r\nZ:\r\n'),
    behind: fc.constantFrom('', 'G', 'GET / HTTP/1.1\r\n'),
    cuts: fc.array(fc.nat(200), { maxLength: 12 }),
  })
  .map(({ chunks, extension, trailer, behind, cuts }) => {
    const framed = chunks.map((data) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`).join('')
    const text = `${framed}0${extension}\r\n${trailer}\r\n`
    return { text, behind, data: chunks.join(''), pieces: cut(text + behind, cuts) }
  })

function cut(text: string, at: readonly number[]): string[] {
  const places = [0, ...at.filter((place) => place < text.length), text.length].toSorted((a, b) => a - b)
  return places.slice(1).map((end, i) => text.slice(places[i], end))
}

test('any cut of a chunked body gives the same data and the same end', () => {
  fc.assert(
    fc.property(coded, ({ text, data, pieces }) => {
      const decoded = decode(pieces.filter((piece) => piece !== ''))
      assert.ok(decoded.done)
      assert.equal(decoded.data, data)
      const used = decoded.offsets.reduce((sum, offset) => sum + offset, 0)
      assert.equal(used, text.length, 'not a byte more than the body is taken')
    }),
  )
})

test('garbage is an error or incomplete, and never throws', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(anyBytes, fc.constantFrom('\r\n', '0\r\n', '3\r\nabc\r\n', '\r\n\r\n')), {
        maxLength: 9,
      }),
      (pieces) => {
        decode(pieces)
      },
    ),
  )
})
