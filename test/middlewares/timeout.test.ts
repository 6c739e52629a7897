import assert from 'node:assert/strict'
import { test } from 'node:test'
import retry from '../../src/middlewares/retry.ts'
import timeout from '../../src/middlewares/timeout.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import type { Script } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'
import { engineThrough } from './engine-through.ts'
import type { Link } from './engine-through.ts'
import { complaintAbout } from './make-middleware.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const silent: Script = async (peer) => void (await peer.readMessage())

async function statusThrough(
  links: readonly Link[],
  script: Script,
): Promise<[status: string, asked: number]> {
  await using upstream = await RawUpstream.start(script)
  await using engine = await engineThrough(links, [upstream])
  await using client = await engine.connect()
  const { head } = await client.write(GET).readMessage()
  await until('nothing in flight', () => engine.inFlight === 0)
  return [
    head.slice(9, 12) + (/tidegate-why: (..)/i.exec(head)?.[1] ?? ''),
    upstream.text.match(/^GET/gm)?.length ?? 0,
  ]
}

test('request: an endpoint that does not answer in time is given up, and the client gets 504', async () => {
  assert.deepEqual(await statusThrough([['timeout', timeout, { request: '100ms' }]], silent), ['504UT', 1])
})

test('perTry: the same for each attempt', async () => {
  assert.deepEqual(await statusThrough([['timeout', timeout, { perTry: '100ms' }]], silent), ['504UT', 1])
})

test('an answer in time passes', async () => {
  const links: Link[] = [['timeout', timeout, { request: '10s', perTry: '5s' }]]
  assert.deepEqual(await statusThrough(links, answering(ok())), ['200', 1])
})

test('only the head counts: a body may take as long as it takes', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na')
    await new Promise((resolve) => setTimeout(resolve, 300))
    peer.write('b')
  })
  await using engine = await engineThrough([['timeout', timeout, { request: '150ms' }]], [upstream])
  await using client = await engine.connect()
  assert.equal((await client.write(GET).readMessage()).body.toString(), 'ab')
})

/** Answers from its third connection on. */
const thirdTime: Script = async (peer, index) => {
  await peer.readMessage()
  if (index >= 2) peer.write(ok())
}

test('perTry in front of retry: what hangs is asked again', async () => {
  const links: Link[] = [
    ['timeout', timeout, { perTry: '100ms', request: '10s' }],
    ['retry', retry, { attempts: 3 }],
  ]
  assert.deepEqual(await statusThrough(links, thirdTime), ['200', 3])
})

test('request behind retry: each pass has its time', async () => {
  const links: Link[] = [
    ['retry', retry, { attempts: 3 }],
    ['timeout', timeout, { request: '100ms' }],
  ]
  assert.deepEqual(await statusThrough(links, thirdTime), ['200', 3])
})

test('request in front of retry: all attempts together', async () => {
  const links: Link[] = [
    ['timeout', timeout, { request: '150ms' }],
    ['retry', retry, { attempts: 100, initialInterval: '40ms' }],
  ]
  const [status] = await statusThrough(links, async (peer) => {
    await peer.readMessage()
    peer.reset()
  })
  assert.equal(status, '504UT')
})

test('a client that is gone is no time-out', async () => {
  await using upstream = await RawUpstream.start(silent)
  await using engine = await engineThrough([['timeout', timeout, { request: '200ms' }]], [upstream])
  const client = await engine.connect()
  client.write(GET)
  await until('the request', () => upstream.text.length > 0)
  client.reset()
  await until('the end', () => engine.finished.length === 1)
  assert.equal(engine.finished[0]!.why, 'DC')
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{}, /neither `request` nor `perTry`/],
  [{ request: '1s', perTry: '2s' }, /no effect/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(timeout, options) ?? '', complaint)
  })
}
