import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MirroringPlan } from '../../../src/server/plan.ts'
import { BlackHole } from '../../support/black-hole.ts'
import { startEngine } from '../../support/engine.ts'
import type { Engine, ServiceSketch } from '../../support/engine.ts'
import { answering, ok, RawUpstream, refusingPort } from '../../support/raw-upstream.ts'
import { until } from '../../support/until.ts'

const GET = 'GET /x?y=1 HTTP/1.1\r\nHost: a\r\nZ: 1\r\n\r\n'

function post(bytes: number): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`
}

const CHUNKED =
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n'

function to(port: number): ServiceSketch {
  return { endpoints: { 0: { port } } }
}

function engineOf(main: number, mirror: number, plan: Partial<MirroringPlan> = {}): Promise<Engine> {
  return startEngine({
    routers: { all: {} },
    services: {
      one: to(main),
      copy: to(mirror),
      main: {
        kind: 'mirroring',
        service: 'one',
        mirrorBody: true,
        maxBodySize: -1,
        mirrors: [{ name: 'copy', percent: 100 }],
        ...plan,
      },
    },
  })
}

async function asked(engine: Engine, request: string): Promise<string> {
  await using client = await engine.connect()
  return (await client.write(request).readMessage()).body.toString()
}

/** What a mirror got, once the head of the first copy is there. */
function firstOf(mirror: RawUpstream): Promise<string> {
  return until('a copy', () => (mirror.text.includes('\r\n\r\n') ? mirror.text : undefined))
}

for (const [name, request, expected] of [
  ['GET', GET, /^GET \/x\?y=1 HTTP\/1\.1\r\nHost: a\r\nZ: 1\r\n/],
  ['POST', post(3), /Content-Length: 3\r\n\r\nxxx$/],
  ['POST in chunks', CHUNKED, /chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n$/],
  ['POST of 1 MB', post(1_000_000), /Content-Length: 1000000\r\n\r\nx{1000000}$/],
] as const) {
  test(`a copy is as the request: ${name}`, async () => {
    await using one = await RawUpstream.start(answering(ok('one')))
    await using mirror = await RawUpstream.start(async (peer) => {
      await peer.readMessage()
      peer.write(ok('copy'))
    })
    await using engine = await engineOf(one.port, mirror.port)
    assert.equal(await asked(engine, request), 'one')
    await until('the copy', () => expected.test(mirror.text))
    assert.equal(engine.stats.mirrored, 1)
  })
}

test('a percentage is spread evenly', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using mirror = await RawUpstream.start(answering(ok('copy')))
  await using engine = await engineOf(one.port, mirror.port, { mirrors: [{ name: 'copy', percent: 25 }] })
  await using client = await engine.connect()
  for (let i = 0; i < 40; i++) await client.write(GET).readMessage()
  await until('10 copies', () => mirror.text.split('GET /x').length - 1 === 10)
  assert.equal(engine.stats.mirrored, 10)
})

test('without its body', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using mirror = await RawUpstream.start(answering(ok('copy')))
  await using engine = await engineOf(one.port, mirror.port, { mirrorBody: false, maxBodySize: 10 })
  assert.equal(await asked(engine, post(1_000)), 'one')
  assert.match(await firstOf(mirror), /^POST \/ [^]*Content-Length: 0\r\n/)
})

test('a body over the limit is not mirrored, whether it is counted or comes in chunks', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using mirror = await RawUpstream.start(answering(ok('copy')))
  await using engine = await engineOf(one.port, mirror.port, { maxBodySize: 2 })
  assert.equal(await asked(engine, post(3)), 'one')
  assert.equal(await asked(engine, CHUNKED), 'one')
  assert.equal(await asked(engine, post(2)), 'one')
  assert.match(await firstOf(mirror), /Content-Length: 2\r\n/)
  assert.deepEqual([engine.stats.mirrored, engine.stats.mirrorsDropped], [1, 1])
})

test('a mirror that is down, refuses, hangs or answers nonsense changes nothing for the client', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using hanging = await RawUpstream.start(() => {})
  await using nonsense = await RawUpstream.start(answering('nonsense\r\n\r\n'))
  await using hole = await BlackHole.open()
  for (const port of [refusingPort(), hanging.port, nonsense.port, hole.port]) {
    await using engine = await engineOf(one.port, port)
    for (const request of [GET, post(100_000), CHUNKED]) assert.equal(await asked(engine, request), 'one')
    assert.equal(engine.finished.filter(({ status }) => status === 200).length, 3)
  }
})

test('the answers of mirrors are thrown away, and their connections used again', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using mirror = await RawUpstream.start(answering(ok('x'.repeat(300_000))))
  await using engine = await engineOf(one.port, mirror.port)
  for (let i = 1; i <= 3; i++) {
    assert.equal(await asked(engine, GET), 'one')
    await until(
      'the copy to be over',
      () => engine.stats.inFlight['copy']?.['0'] === 0 && engine.stats.mirrored === i,
    )
  }
  assert.equal(mirror.connections.length, 1)
})

test('mirrors that hang take so many copies and no more; the others are counted', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using mirror = await RawUpstream.start(() => {})
  await using engine = await engineOf(one.port, mirror.port)
  await using client = await engine.connect()
  client.write(GET.repeat(1_005))
  for (let i = 0; i < 1_005; i++) await client.readMessage()
  await until('the copies', () => engine.stats.mirrored + engine.stats.mirrorsDropped === 1_005)
  assert.equal(engine.stats.mirrored, 1_000)
})

test('an answer before the whole body has come: no half copy', async () => {
  await using one = await RawUpstream.start(async (peer) => {
    await peer.readUntil('\r\n\r\n')
    peer.write('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    peer.end()
  })
  await using mirror = await RawUpstream.start(answering(ok('copy')))
  await using engine = await engineOf(one.port, mirror.port)
  await using client = await engine.connect()
  client.write(post(1_000_000).slice(0, 1_000))
  assert.match((await client.readMessage()).head, / 413 /)
  await until('the copy to be dropped', () => engine.stats.mirrorsDropped === 1)
  assert.equal(mirror.connections.length, 0)
})
