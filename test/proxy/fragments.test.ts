import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HopFields } from '../../src/proxy/http1/field-section.ts'
import { parseRequestHead } from '../../src/proxy/http1/request-head.ts'
import { Request } from '../../src/proxy/request.ts'
import { engineBefore } from '../support/engine.ts'
import type { RawMessage } from '../support/raw-peer.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '\r\nGET /b?c HTTP/1.1\r\nhost: B:80\r\nX-Long: ' + 'x'.repeat(300) + '\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello\r\n\r\nyou',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n\r\r\n0\r\nSum: 1\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://c/../d HTTP/1.1\r\nHost: a\r\nConnection: X\r\nX: 1\r\n\r\n',
]

interface Arrived {
  readonly messages: readonly Pick<RawMessage, 'head' | 'trailers'>[]
  readonly bodies: readonly string[]
  readonly answers: number
}

/** Sends these segments, each by itself, and gives the requests that reach the endpoint. */
async function send(segments: readonly string[], requests: number): Promise<Arrived> {
  const got: RawMessage[] = []
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      got.push(await peer.readMessage())
      peer.write(ok())
    }
  })
  // A path of `/` would not match `*`.
  await using engine = await engineBefore([upstream], { routers: { all: { rule: 'HostRegexp(`.`)' } } })
  await using client = await engine.connect()
  for (const segment of segments) {
    await client.send(Buffer.from(segment, 'latin1'))
    await new Promise((resolve) => setImmediate(resolve))
  }
  let answers = 0
  for (let i = 0; i < requests; i++)
    if ((await client.readMessage()).head.startsWith('HTTP/1.1 200 ')) answers++
  return {
    messages: got.map(({ head, trailers }) => ({ head, trailers })),
    bodies: got.map(({ body }) => body.toString('latin1')),
    answers,
  }
}

function cut(text: string, at: readonly number[]): string[] {
  const places = [...new Set([0, ...at.map((place) => place % text.length), text.length])].toSorted(
    (a, b) => a - b,
  )
  return places.slice(1).map((end, i) => text.slice(places[i], end))
}

test('any cut of a stream of requests into segments reaches the endpoint as the same requests', async () => {
  const stream = fc.record({
    requests: fc.array(fc.constantFrom(...REQUESTS), { minLength: 1, maxLength: 5 }),
    cuts: fc.array(fc.nat(5_000), { maxLength: 25 }),
  })
  await fc.assert(
    fc.asyncProperty(stream, async ({ requests, cuts }) => {
      const text = requests.join('')
      const whole = await send([text], requests.length)
      assert.equal(whole.answers, requests.length)
      assert.deepEqual(await send(cut(text, cuts), requests.length), whole)
    }),
    { numRuns: 40 },
  )
})

test('byte by byte', async () => {
  const text = REQUESTS.join('')
  assert.deepEqual(await send(text.split(''), REQUESTS.length), await send([text], REQUESTS.length))
})

const anyByte = fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c))
const garbage = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'GET ',
          '/',
          ' HTTP/1.1',
          '\r\n',
          'Host: a',
          'POST / HTTP/1.1\r\n',
          'Content-Length: 3',
          'Transfer-Encoding: chunked',
          ':',
          ' ',
          '0',
          '3\r\nabc\r\n',
          '\n',
          '\r',
          'http://',
          '%',
          '..',
          'Connection: ',
          'Upgrade: websocket',
          '\t',
        ),
      },
      { weight: 1, arbitrary: anyByte },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))

test('garbage never harms the proxy, and what reaches the endpoint is whole and well-formed', async () => {
  const malformed: string[] = []
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      const { head } = await peer.readMessage()
      if (
        !/^[!-~]+ (?:\/[!-~]*|\*) HTTP\/1\.1\r\n(?:[!-9;-~]+: [\t -~\x80-\xff]*\r\n)*[!-9;-~]+: [\t -~\x80-\xff]*$/.test(
          head,
        )
      )
        malformed.push(head)
      peer.write(ok())
    }
  })
  await using engine = await engineBefore([upstream])
  await fc.assert(
    fc.asyncProperty(garbage, async (text) => {
      await using client = await engine.connect()
      client.end(text)
      await client.readToEnd()
    }),
    { numRuns: 400 },
  )
  assert.deepEqual(malformed, [])
  assert.equal(engine.inFlight, 0)
  assert.match((await engine.sendToEnd('GET / HTTP/1.0\r\n\r\n')).text, /^HTTP\/1\.1 200 /)
})

const LIMITS = {
  maxTargetLength: 1_000,
  maxFields: 256,
  sanitizePath: true,
  refusedEscapes: [],
  encodeQuerySemicolons: false,
}
/** A good head with a few bytes exchanged, taken out or put in. */
const mutated = fc
  .record({
    head: fc.constantFrom(...REQUESTS.map((request) => request.trimStart().split('\r\n\r\n')[0]!)),
    changes: fc.array(
      fc.record({
        at: fc.nat(500),
        remove: fc.nat(2),
        insert: fc.oneof(anyByte, fc.constantFrom('', '\r\n', '\n', ': ', ' ')),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ head, changes }) =>
    changes.reduce(
      (text, { at, remove, insert }) =>
        text.slice(0, at % text.length) + insert + text.slice((at % text.length) + remove),
      head,
    ),
  )

test('a head that is accepted is well-formed in all its parts', () => {
  fc.assert(
    fc.property(mutated, (head) => {
      const bytes = Buffer.from(`${head}\r\n\r\n`, 'latin1')
      const request = parseRequestHead(bytes, 0, bytes.indexOf('\r\n\r\n') + 2, new HopFields(), LIMITS)
      if (!(request instanceof Request)) return
      assert.match(request.method, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/)
      assert.match(request.path, /^(?:\/[!-"$-[\]-~]*|\*)$/)
      assert.match(request.query, /^(?:\?[!-"$-[\]-~]*)?$/)
      assert.match(request.host, /^[!-.0-;=?-[\]-~]+$/)
      assert.equal(request.host, request.host.toLowerCase())
      for (const [name, value] of request.headers) {
        assert.match(name, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/)
        assert.match(value, /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/)
      }
    }),
    { numRuns: 3_000 },
  )
})
