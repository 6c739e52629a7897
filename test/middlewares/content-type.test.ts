import assert from 'node:assert/strict'
import { test } from 'node:test'
import contentType from '../../src/middlewares/content-type.ts'
import { sniffMediaType } from '../../src/middlewares/sniffing/media-type.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'
import { engineThrough } from './engine-through.ts'

const types: [begin: string, type: string][] = [
  ['<!DOCTYPE html><p>', 'text/html; charset=utf-8'],
  ['\n  <HTML lang=x>', 'text/html; charset=utf-8'],
  ['<!-- a', 'text/html; charset=utf-8'],
  ['<htmlx>', 'text/plain; charset=utf-8'],
  ['<?xml version="1.0"?>', 'text/xml; charset=utf-8'],
  ['%PDF-1.7', 'application/pdf'],
  ['%!PS-Adobe-3.0', 'application/postscript'],
  ['\xfe\xff\0a', 'text/plain; charset=utf-16be'],
  ['\xff\xfea\0', 'text/plain; charset=utf-16le'],
  ['\xef\xbb\xbfa', 'text/plain; charset=utf-8'],
  ['\0\0\x01\0', 'image/x-icon'],
  ['BM', 'image/bmp'],
  ['GIF89a', 'image/gif'],
  ['RIFF1234WEBPVP8 ', 'image/webp'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['FORM1234AIFF', 'audio/aiff'],
  ['.snd', 'audio/basic'],
  ['ID3', 'audio/mpeg'],
  ['OggS\0', 'application/ogg'],
  ['MThd\0\0\0\x06', 'audio/midi'],
  ['RIFF1234AVI ', 'video/avi'],
  ['RIFF1234WAVE', 'audio/wave'],
  ['\0\0\0\x18ftypmp42\0\0\0\0mp41isom', 'video/mp4'],
  ['\0\0\0\x18ftypqt  \0\0\0\0qt  moov', 'application/octet-stream'],
  ['\x1aE\xdf\xa3', 'video/webm'],
  [`${'\0'.repeat(34)}LP`, 'application/vnd.ms-fontobject'],
  [`${'a'.repeat(34)}LP`, 'text/plain; charset=utf-8'],
  ['\0\x01\0\0', 'font/ttf'],
  ['OTTO', 'font/otf'],
  ['wOF2', 'font/woff2'],
  ['\x1f\x8b\x08', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['Rar!\x1a\x07\x01\0', 'application/x-rar-compressed'],
  ['\0asm\x01', 'application/wasm'],
  ['{"a":1}', 'text/plain; charset=utf-8'],
  ['caf\xc3\xa9', 'text/plain; charset=utf-8'],
  ['a\0b', 'application/octet-stream'],
]
for (const [begin, type] of types) {
  test(`${JSON.stringify(begin.slice(0, 20))} is ${type}`, () => {
    assert.equal(sniffMediaType(Buffer.from(begin, 'latin1')), type)
  })
}

test('what stands behind the first 512 bytes is not looked at', () => {
  assert.equal(sniffMediaType(Buffer.from(`${'a'.repeat(512)}\0`)), 'text/plain; charset=utf-8')
})

async function typeOf(answer: string, method = 'GET'): Promise<string | undefined> {
  await using upstream = await RawUpstream.start(answering(answer))
  await using engine = await engineThrough([['contentType', contentType, {}]], [upstream])
  await using client = await engine.connect()
  const message = client.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
  const { head } = await message.readMessage({ bodiless: method === 'HEAD' })
  return /^content-type: (.*)$/im.exec(head)?.[1]
}

const answers: [name: string, answer: string, type: string | undefined, method?: string][] = [
  ['one without a type', ok('<html >'), 'text/html; charset=utf-8'],
  ['one with a type', ok('<html >', 'Content-Type: a/b\r\n'), 'a/b'],
  ['one that is coded', ok('<html >', 'Content-Encoding: br\r\n'), undefined],
  ['an empty one', ok(''), undefined],
  ['one to HEAD', ok('').replace('0', '7'), undefined, 'HEAD'],
  [
    'one in chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    'text/plain; charset=utf-8',
  ],
]
for (const [name, answer, type, method] of answers) {
  test(`through the engine: ${name} is ${type}`, async () => {
    assert.equal(await typeOf(answer, method), type)
  })
}

test('a body that comes later than its head is waited for, and no more of it than its first bytes', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')
    await new Promise((resolve) => setImmediate(resolve))
    peer.write('%PDF-')
  })
  await using engine = await engineThrough([['contentType', contentType, {}]], [upstream])
  await using client = await engine.connect()
  const head = await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n').readUntil('%PDF-')
  assert.match(head, /\r\nContent-Type: application\/pdf\r\n/)
})

test('a client that goes away before the first byte ends the endpoint’s work', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')
  })
  await using engine = await engineThrough([['contentType', contentType, {}]], [upstream])
  const client = await engine.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('the request', () => upstream.text.length > 0)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  client.reset()
  await until('nothing in flight', () => engine.inFlight === 0)
})
