import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutcomeReport } from '../../src/balancing/outcomes.ts'
import { engineBefore, startEngine } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import { answering, ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import type { Script } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'
const OOPS = 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n'

/** The reports, as `endpoint failures/unanswered by`, with `+` before them for a success. */
async function reports(engine: Engine, count = 1): Promise<string[]> {
  await until('reports', () => engine.outcomes.length >= count)
  return engine.outcomes.map(
    ({ endpoint, succeeded, failures, unanswered, by }: OutcomeReport) =>
      `${succeeded ? '+' : ''}${endpoint} ${failures}/${unanswered}${failures > 0 ? ` ${by}` : ''}`,
  )
}

test('while all is well, nothing is reported', async () => {
  await using upstream = await RawUpstream.start(
    answering('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  )
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  for (let i = 0; i < 20; i++) await client.write(GET).readMessage()
  engine.plane.close()
  assert.deepEqual(engine.outcomes, [])
})

const FAULTS: readonly (readonly [name: string, script: Script, report: string])[] = [
  ['answers 500', answering(OOPS), '0 1/0 status'],
  ['closes without an answer', (peer) => void peer.readMessage().then(() => peer.reset()), '0 1/1 reset'],
  [
    'closes within its head',
    async (peer) => {
      await peer.readMessage()
      peer.end('HTTP/1.1 200 OK\r\n')
    },
    '0 1/1 reset',
  ],
  ['answers something else', answering('hello\r\n\r\n'), '0 1/1 reset'],
]
for (const [name, script, report] of FAULTS) {
  test(`an endpoint that ${name} is reported`, async () => {
    await using upstream = await RawUpstream.start(script)
    await using engine = await engineBefore([upstream])
    await using client = await engine.connect()
    await client.write(POST).readMessage()
    assert.deepEqual(await reports(engine), [report])
  })
}

test('an endpoint that refuses connections is reported, though the client is answered by another', async () => {
  await using upstream = await RawUpstream.start()
  const refusing = refusingPort()
  await using engine = await startEngine({
    routers: { all: {} },
    services: {
      main: { endpoints: { 0: { port: refusing, weight: 1_000_000 }, 1: { port: upstream.port } } },
    },
  })
  await using client = await engine.connect()
  assert.match((await client.write(POST).readMessage()).head, / 200 /)
  assert.deepEqual(await reports(engine), ['0 1/1 connect'])
})

test('an outage is a few reports, not one for each request', async () => {
  await using upstream = await RawUpstream.start(answering(OOPS))
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  client.write(GET.repeat(500))
  for (let i = 0; i < 500; i++) await client.readMessage()
  const counted = (): number => engine.outcomes.reduce((sum, { failures }) => sum + failures, 0)
  await until('all failures', () => counted() === 500)
  assert.ok(engine.outcomes.length <= 250, `${engine.outcomes.length} reports`)
})

test('the success that follows a failure is reported, once', async () => {
  let count = 0
  await using upstream = await RawUpstream.start(async (peer) => {
    for (;;) {
      await peer.readMessage()
      peer.write(count++ === 0 ? OOPS : ok())
    }
  })
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  await client.write(GET).readMessage()
  await reports(engine)
  for (let i = 0; i < 5; i++) await client.write(GET).readMessage()
  assert.deepEqual(await reports(engine, 2), ['0 1/0 status', '+0 0/0'])
})

test('a worker that is told to watch an endpoint reports its next success, though it saw no failure', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  await using client = await engine.connect()
  engine.plane.watch([
    ['main', '0'],
    ['main', 'gone'],
    ['gone', '0'],
  ])
  for (let i = 0; i < 5; i++) await client.write(GET).readMessage()
  assert.deepEqual(await reports(engine), ['+0 0/0'])
})

test('a client that goes away is no fault of the endpoint', async () => {
  await using upstream = await RawUpstream.start(() => {})
  await using engine = await engineBefore([upstream])
  const client = await engine.connect()
  client.write(GET)
  await (await upstream.connection(0)).readUntil('\r\n\r\n')
  client.reset()
  await until('the end of the request', () => engine.inFlight === 0)
  engine.plane.close()
  assert.deepEqual(engine.outcomes, [])
})
