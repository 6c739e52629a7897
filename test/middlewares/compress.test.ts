import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { chosenCoding } from '../../src/middlewares/compress/accept-encoding.ts'
import compress from '../../src/middlewares/compress.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import type { RawMessage, RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { engineThrough } from './engine-through.ts'
import { complaintAbout } from './make-middleware.ts'

const ALL = ['gzip', 'br', 'zstd'] as const
const choices: [accepted: string, coding: string | undefined][] = [
  ['gzip', 'gzip'],
  ['br', 'br'],
  ['zstd', 'zstd'],
  ['x-gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['deflate', undefined],
  ['', undefined],
  ['*', 'gzip'],
  ['zstd, br, gzip', 'gzip'],
  ['gzip;q=0.5, br;q=0.8', 'br'],
  ['gzip;q=0.5,br;q=0.8,zstd;q=0.9', 'zstd'],
  ['gzip; q=0', undefined],
  ['gzip;q=0, *', 'br'],
  ['*;q=0', undefined],
  ['gzip;q=0.5, identity', undefined],
  ['gzip, identity;q=0.5', 'gzip'],
  ['identity', undefined],
  ['gzip;q=1.5', undefined],
  ['gzip;q=0.1234', undefined],
  ['gzip;x=1', undefined],
  [',,gzip,', 'gzip'],
]
for (const [accepted, coding] of choices) {
  test(`Accept-Encoding: ${accepted} → ${coding}`, () => {
    assert.equal(chosenCoding(accepted, ALL), coding)
  })
}

/** What cannot be made smaller. */
const NOISE = randomBytes(64 * 1024)
const TEXT = 'a page of text, and more of it; '.repeat(100)
const DECODE = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }

/** A turn of the event loop for each: a socket that is gone answers at once. */
async function send(peer: RawPeer, bytes: Buffer): Promise<void> {
  await peer.send(bytes)
  await new Promise((resolve) => setImmediate(resolve))
}

interface Asked {
  readonly options?: Record<string, unknown>
  readonly method?: string
  readonly fields?: string
  readonly answer?: string
}

async function ask({
  options = {},
  method = 'GET',
  fields = '',
  answer = page(),
}: Asked): Promise<RawMessage> {
  await using upstream = await RawUpstream.start(answering(answer))
  await using engine = await engineThrough([['compress', compress, options]], [upstream])
  await using client = await engine.connect()
  return await client
    .write(`${method} / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
    .readMessage(method === 'HEAD' ? { bodiless: true } : undefined)
}

function page(fields = 'Content-Type: text/html; charset=utf-8\r\n', body = TEXT): string {
  return ok(body, fields)
}

for (const coding of ALL) {
  test(`${coding}: the client gets what the endpoint sent`, async () => {
    const { head, body } = await ask({ fields: `Accept-Encoding: ${coding}\r\n` })
    assert.match(head, new RegExp(`\r\nContent-Encoding: ${coding}\r\n`, 'i'))
    assert.match(head, /\r\nVary: Accept-Encoding\r\n/i)
    assert.doesNotMatch(head, /content-length/i)
    assert.equal(DECODE[coding](body).toString(), TEXT)
  })
}

const leftAlone: [name: string, asked: Asked, vary: boolean][] = [
  ['a client that says nothing', {}, true],
  ['a client that takes nothing of it', { fields: 'Accept-Encoding: deflate\r\n' }, true],
  ['a small answer', { answer: page(undefined, 'small') }, false],
  ['an image', { answer: page('Content-Type: image/png\r\n') }, false],
  [
    'what is compressed already',
    { answer: page('Content-Type: text/html\r\nContent-Encoding: br\r\n') },
    false,
  ],
  [
    'what must not be transformed',
    { answer: page('Content-Type: text/html\r\nCache-Control: public, no-transform\r\n') },
    false,
  ],
  ['an excluded type', { options: { excludedContentTypes: ['text/html'] } }, false],
  ['a type that is not included', { options: { includedContentTypes: ['text/css'] } }, false],
  [
    'the answer to an excluded request',
    { fields: 'Accept-Encoding: gzip\r\nContent-Type: application/grpc\r\n' },
    false,
  ],
  [
    'a part',
    {
      answer: page('Content-Type: text/html\r\nContent-Range: bytes 0-9/10\r\n').replace(
        '200 OK',
        '206 Partial Content',
      ),
    },
    false,
  ],
]
for (const [name, asked, vary] of leftAlone) {
  test(`${name} is left alone`, async () => {
    const { head, body } = await ask({
      fields: 'Accept-Encoding: gzip\r\n',
      ...asked,
      ...(name === 'a client that says nothing' && { fields: '' }),
    })
    assert.doesNotMatch(head, /content-encoding: gzip/i)
    assert.equal(/vary: accept-encoding/i.test(head), vary)
    assert.match(body.toString(), /^(?:small|a page of text)/)
  })
}

test('HEAD is answered without a coding, since nothing was coded', async () => {
  const answer = page().slice(0, -TEXT.length)
  const { head } = await ask({ method: 'HEAD', fields: 'Accept-Encoding: gzip\r\n', answer })
  assert.doesNotMatch(head, /content-encoding/i)
})

test('a client that says nothing gets the default, where there is one', async () => {
  const { head } = await ask({ options: { defaultEncoding: 'zstd' } })
  assert.match(head, /content-encoding: zstd/i)
})

test('a strong ETag becomes a weak one, and ranges are not offered', async () => {
  const fields = 'Content-Type: text/html\r\nETag: "x"\r\nAccept-Ranges: bytes\r\nVary: Origin\r\n'
  const { head } = await ask({ fields: 'Accept-Encoding: br\r\n', answer: page(fields) })
  assert.match(head, /\r\nETag: W\/"x"/)
  assert.doesNotMatch(head, /accept-ranges/i)
  assert.match(head, /\r\nVary: Origin\r\n(?:.*\r\n)*Vary: Accept-Encoding/i)
})

for (const coding of ALL) {
  test(`${coding}: what has come is sent on before the rest is there`, async () => {
    await using upstream = await RawUpstream.start(async (peer) => {
      await peer.readMessage()
      peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
      peer.write('8\r\ndata: 1\n\r\n')
    })
    await using engine = await engineThrough([['compress', compress, {}]], [upstream])
    await using client = await engine.connect()
    client.write(`GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: ${coding}\r\n\r\n`)
    await until('the first event', () => /\r\n\r\n[0-9a-f]+\r\n./s.test(client.text))
    assert.match(client.text, new RegExp(`content-encoding: ${coding}`, 'i'))
    const [peer] = upstream.connections
    peer!.write('8\r\ndata: 2\n\r\n0\r\n\r\n')
    const { body } = await client.readMessage()
    assert.equal(DECODE[coding](body).toString(), 'data: 1\ndata: 2\n')
  })
}

test('an answer that breaks off does not look whole', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\nhalf')
    peer.reset()
  })
  await using engine = await engineThrough([['compress', compress, {}]], [upstream])
  const { text } = await engine.sendToEnd('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  assert.doesNotMatch(text, /\r\n0\r\n\r\n$/)
})

test('a client that goes away ends the endpoint’s work', async () => {
  let written = 0
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000000\r\n\r\n')
    while (peer.ending === undefined) {
      await send(peer, NOISE)
      written++
    }
  })
  await using engine = await engineThrough([['compress', compress, {}]], [upstream])
  const client = await engine.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: zstd\r\n\r\n')
  await until('an answer', () => client.length > 0)
  client.reset()
  await until('the end upstream', () => upstream.connections[0]!.ending !== undefined)
  assert.ok(written > 0)
  await until('nothing in flight', () => engine.inFlight === 0)
})

test('a slow reader holds the endpoint back', async () => {
  let pieces = 0
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4000000000\r\n\r\n')
    while (peer.ending === undefined) {
      await send(peer, NOISE)
      pieces++
    }
  })
  await using engine = await engineThrough([['compress', compress, {}]], [upstream])
  await using client = await engine.connect()
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  let before = -1
  await until(
    'a standstill',
    async () => {
      const still = pieces > 0 && pieces === before
      before = pieces
      if (!still) await new Promise((resolve) => setTimeout(resolve, 300))
      return still
    },
    30_000,
  )
  assert.ok(pieces * 64 * 1024 < 64 * 1024 * 1024, `${pieces} pieces`)
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ encodings: [] }, /`encodings` is empty/],
  [{ encodings: ['gzip'], defaultEncoding: 'br' }, /not among `encodings`/],
  [{ excludedContentTypes: ['text/html'], includedContentTypes: ['text/css'] }, /exclude each other/],
  [{ excludedContentTypes: ['html'] }, /no media type/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(compress, options) ?? '', complaint)
  })
}
