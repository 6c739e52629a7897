import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import buffering from '../../src/middlewares/buffering.ts'
import { SpillFile } from '../../src/middlewares/buffers/spill-file.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import type { RawMessage } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { engineThrough } from './engine-through.ts'
import { complaintAbout } from './make-middleware.ts'

const BAD = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'

function post(body: string, method = 'POST'): string {
  return `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function chunked(body: string, trailer = ''): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n${trailer}\r\n`
}

interface Outcome extends RawMessage {
  readonly status: string
  /** What came to the upstream. */
  readonly asked: string
  readonly failures: readonly string[]
}

async function ask(
  options: Record<string, unknown>,
  request: string,
  script = answering(ok()),
): Promise<Outcome> {
  await using upstream = await RawUpstream.start(script)
  await using engine = await engineThrough([['buffering', buffering, options]], [upstream])
  await using client = await engine.connect()
  const message = await client.write(request).readMessage()
  const why = /tidegate-why: (..)/i.exec(message.head)?.[1] ?? ''
  return {
    ...message,
    status: message.head.slice(9, 12) + why,
    asked: upstream.text,
    failures: engine.failures,
  }
}

const requests: [
  name: string,
  options: Record<string, unknown>,
  request: string,
  status: string,
  sent: RegExp,
][] = [
  ['without a body', { maxRequestBodyBytes: 1 }, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', '200', /^GET/],
  ['as long as may be', { maxRequestBodyBytes: 5 }, post('12345'), '200', /\r\n\r\n12345$/],
  ['longer', { maxRequestBodyBytes: 4 }, post('12345'), '413BL', /^$/],
  ['longer, in chunks', { maxRequestBodyBytes: 4 }, chunked('12345'), '413BL', /^$/],
  ['in chunks: its length is known now', {}, chunked('12345'), '200', /Content-Length: 5\r\n\r\n12345$/],
  ['with trailers: stays in chunks', {}, chunked('12345', 'X-Sum: 1\r\n'), '200', /chunked[^]*12345/],
  ['on disk', { memRequestBodyBytes: 2 }, chunked('12345'), '200', /Content-Length: 5\r\n\r\n12345$/],
]
for (const [name, options, request, status, sent] of requests) {
  test(`a request ${name}: ${status}`, async () => {
    const outcome = await ask(options, request)
    assert.equal(outcome.status, status)
    assert.match(outcome.asked, sent)
    assert.deepEqual(outcome.failures, [])
  })
}

test('nothing of a request is sent before the whole has come', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineThrough([['buffering', buffering, {}]], [upstream])
  await using client = await engine.connect()
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  await client.readUntil('100 Continue\r\n\r\n')
  client.write('ab')
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(upstream.connections.length, 0)
  client.write('cd')
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
})

const answers: [
  name: string,
  options: Record<string, unknown>,
  answer: string,
  status: string,
  body: RegExp,
][] = [
  ['short', { maxResponseBodyBytes: 5 }, ok('12345'), '200', /^12345$/],
  ['too long', { maxResponseBodyBytes: 4 }, ok('12345'), '500RB', /^Internal Server Error$/],
  ['on disk', { memResponseBodyBytes: 1 }, ok('12345'), '200', /^12345$/],
  ['that breaks off', {}, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345', '502UC', /Bad Gateway/],
]
for (const [name, options, answer, status, body] of answers) {
  test(`an answer ${name}: ${status}`, async () => {
    const outcome = await ask(options, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', async (peer) => {
      await peer.readMessage()
      peer.write(answer)
      if (name === 'that breaks off') peer.end()
    })
    assert.equal(outcome.status, status)
    assert.match(outcome.body.toString(), body)
  })
}

test('megabytes go through the disk both ways, byte for byte, and leave no file open', async () => {
  const body = randomBytes(5 * 1024 * 1024)
  await using upstream = await RawUpstream.start(async (peer) => {
    peer.keepsHistory = false
    const { body: got } = await peer.readMessage()
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${got.length}\r\n\r\n`).write(got)
  })
  const options = { memRequestBodyBytes: 1_000, memResponseBodyBytes: 1_000 }
  await using engine = await engineThrough([['buffering', buffering, options]], [upstream])
  await using client = await engine.connect()
  client.keepsHistory = false
  client.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`).write(body)
  assert.ok((await client.readMessage()).body.equals(body))
  await until('the files to be closed', async () => (await spilled()).length === 0)
})

/** Files without a name that this process has open. */
async function spilled(): Promise<string[]> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return links.filter((link) => link.includes('tidegate-body-'))
}

test('a file has no name as soon as it is there', async () => {
  const file = await SpillFile.create()
  try {
    const [link = ''] = await spilled()
    assert.match(link, /\(deleted\)$/)
    const names = await readdir(tmpdir())
    assert.deepEqual(
      names.filter((name) => link.includes(`/${name}/`)),
      [],
    )
  } finally {
    file.close()
  }
})

test('where there is no place on disk, the client gets 500 and the operator an event', async () => {
  const before = process.env['TMPDIR']
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-none-'))
  await rm(folder, { recursive: true })
  process.env['TMPDIR'] = folder
  try {
    for (const [options, request, script] of [
      [{ memRequestBodyBytes: 1 }, post('12345'), answering(ok())],
      [{ memResponseBodyBytes: 1 }, post('1'), answering(ok('12345'))],
    ] as const) {
      const { status, failures } = await ask(options, request, script)
      assert.equal(status, '500IE')
      assert.match(
        failures.join(),
        /^middleware buffering-0: the body of a (?:request|answer) cannot be kept on disk: ENOENT/,
      )
    }
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
})

for (const [where, options] of [
  ['memory', {}],
  ['disk', { memRequestBodyBytes: 1 }],
] as const) {
  test(`a client that goes away within its body leaves nothing behind in ${where}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineThrough([['buffering', buffering, options]], [upstream])
    const client = await engine.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n0123456789')
    if (where === 'disk') await until('the file', async () => (await spilled()).length === 1)
    client.reset()
    await until('the end', () => engine.finished.length === 1)
    await until('no file', async () => (await spilled()).length === 0)
    assert.equal(upstream.connections.length, 0)
  })
}

const retries: [
  name: string,
  expression: string,
  answers: (string | null)[],
  request: string,
  status: string,
  asked: number,
][] = [
  ['network errors', 'IsNetworkError() && Attempts() < 3', [null, null, ok()], post('abc'), '200', 3],
  ['as often as it says', 'IsNetworkError() && Attempts() < 2', [null], post('abc'), '502UC', 2],
  ['a status', 'ResponseCode() == 503 && Attempts() <= 2', [BAD, BAD, ok()], post('abc'), '200', 3],
  ['a method', 'RequestMethod() == "GET" && ResponseCode() >= 500', [BAD, ok()], post('abc'), '503', 1],
  ['ten times at the most', 'ResponseCode() == 503', [BAD], post('abc'), '503', 10],
]
for (const [name, retryExpression, answersInTurn, request, status, asked] of retries) {
  test(`retryExpression: ${name}`, async () => {
    let made = 0
    const outcome = await ask({ retryExpression, memRequestBodyBytes: 1 }, request, async (peer) => {
      for (;;) {
        await peer.readMessage()
        const answer = answersInTurn[Math.min(made++, answersInTurn.length - 1)]
        if (answer === null || answer === undefined) return peer.reset()
        peer.write(answer)
      }
    })
    assert.deepEqual([outcome.status, outcome.asked.match(/abc/g)?.length], [status, asked])
  })
}

test('refuses an expression that is none', () => {
  assert.match(
    complaintAbout(buffering, { retryExpression: 'Attempt() < 2' }) ?? '',
    /did you mean `Attempts`/,
  )
})
