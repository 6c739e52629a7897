import assert from 'node:assert/strict'
import { test } from 'node:test'
import addPrefix from '../../src/middlewares/add-prefix.ts'
import retry from '../../src/middlewares/retry.ts'
import { ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'
import { engineThrough } from './engine-through.ts'
import { complaintAbout } from './make-middleware.ts'

const BAD = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'
const GET = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'

/** Answers its requests with these one after the other, the last one over and over; null: closes without an answer. */
function inTurn(answers: readonly (string | null)[]): Promise<RawUpstream> {
  let asked = 0
  return RawUpstream.start(async (peer) => {
    for (;;) {
      await peer.readMessage()
      const answer = answers[Math.min(asked++, answers.length - 1)]!
      if (answer === null) return peer.reset()
      peer.write(answer)
    }
  })
}

interface Asked {
  readonly options: Record<string, unknown>
  readonly answers: readonly (string | null)[]
  readonly request?: string
}

interface Outcome {
  readonly status: string
  /** Requests that have come to the upstream. */
  readonly requests: string[]
}

async function ask({ options, answers, request = GET }: Asked): Promise<Outcome> {
  await using upstream = await inTurn(answers)
  await using engine = await engineThrough(
    [
      ['retry', retry, options],
      ['addPrefix', addPrefix, { prefix: '/x' }],
    ],
    [upstream],
  )
  await using client = await engine.connect()
  const { head } = await client.write(request).readMessage()
  await until('the end of the exchange', () => engine.inFlight === 0)
  const why = /tidegate-why: (..)/i.exec(head)?.[1] ?? ''
  return {
    status: head.slice(9, 12) + why,
    requests: upstream.text.match(/(?:GET|POST|PUT) \S+ HTTP/g) ?? [],
  }
}

function post(body = 'hello', method = 'POST'): string {
  return `${method} /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const cases: [name: string, asked: Asked, status: string, requests: number][] = [
  [
    'a status that is listed is asked for again',
    { options: { attempts: 4, status: ['503'] }, answers: [BAD, BAD, ok()] },
    '200',
    3,
  ],
  ['as often as attempts say', { options: { attempts: 3, status: ['500-599'] }, answers: [BAD] }, '503', 3],
  [
    'a status that is not listed stays',
    { options: { attempts: 4, status: ['500-502,504'] }, answers: [BAD, ok()] },
    '503',
    1,
  ],
  ['no status is listed', { options: { attempts: 4 }, answers: [BAD, ok()] }, '503', 1],
  [
    'a connection that is closed without an answer',
    { options: { attempts: 4 }, answers: [null, null, null, ok()] },
    '200',
    4,
  ],
  ['attempts of the engine are among them', { options: { attempts: 2 }, answers: [null] }, '502UC', 2],
  ['one attempt is one attempt', { options: { attempts: 1 }, answers: [null] }, '502UC', 1],
  [
    'disableRetryOnNetworkError',
    { options: { attempts: 4, status: ['503'], disableRetryOnNetworkError: true }, answers: [null, ok()] },
    '502UC',
    1,
  ],
  [
    'POST is not repeated',
    { options: { attempts: 4, status: ['503'] }, answers: [BAD, ok()], request: post() },
    '503',
    1,
  ],
  [
    'POST that may have been carried out is not repeated',
    { options: { attempts: 4 }, answers: [null, ok()], request: post() },
    '502UC',
    1,
  ],
  [
    'retryNonIdempotentMethod: a status',
    {
      options: { attempts: 4, status: ['503'], retryNonIdempotentMethod: true },
      answers: [BAD, ok()],
      request: post(),
    },
    '200',
    2,
  ],
  [
    'retryNonIdempotentMethod: no answer',
    { options: { attempts: 4, retryNonIdempotentMethod: true }, answers: [null, ok()], request: post() },
    '200',
    2,
  ],
  [
    'PUT is repeated with its body',
    { options: { attempts: 2, status: ['503'] }, answers: [BAD, ok()], request: post('hello', 'PUT') },
    '200',
    2,
  ],
  [
    'a body over the limit is sent once',
    {
      options: { attempts: 4, status: ['503'], maxRequestBodyBytes: 4 },
      answers: [BAD, ok()],
      request: post('hello', 'PUT'),
    },
    '503',
    1,
  ],
  [
    'nothing is sent again after timeout',
    { options: { attempts: 4, status: ['503'], timeout: '50ms', initialInterval: '150ms' }, answers: [BAD] },
    '503',
    2,
  ],
]
for (const [name, asked, status, requests] of cases) {
  test(name, async () => {
    const outcome = await ask(asked)
    assert.deepEqual([outcome.status, outcome.requests.length], [status, requests], outcome.requests.join())
    for (const line of outcome.requests) assert.match(line, /^[A-Z]+ \/x\/a HTTP$/)
  })
}

test('each attempt carries the whole body, which came in pieces', async () => {
  await using upstream = await inTurn([BAD, BAD, ok()])
  await using engine = await engineThrough([['retry', retry, { attempts: 3, status: ['503'] }]], [upstream])
  await using client = await engine.connect()
  client.write('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await until('the first piece', () => upstream.text.includes('abc'))
  client.write('2\r\nde\r\n0\r\n\r\n')
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
  const bodies = upstream.text.split(/PUT \/ /).slice(1)
  assert.equal(bodies.length, 3)
  for (const body of bodies) assert.match(body, /abc(?:\r\n2\r\n)?de/)
})

test('a POST that no endpoint has got is sent to another one', async () => {
  await using upstream = await RawUpstream.start()
  const endpoints = { a: { port: refusingPort(), weight: 1 }, b: { port: upstream.port, weight: 1 } }
  await using engine = await engineThrough([['retry', retry, { attempts: 2 }]], [upstream], {
    services: { main: { endpoints } },
  })
  for (let i = 0; i < 4; i++) {
    await using client = await engine.connect()
    assert.match((await client.write(post()).readMessage()).head, /^HTTP\/1\.1 200 /)
  }
})

test('the next attempt goes to another endpoint, also where the strategy always names the same one', async () => {
  await using bad = await inTurn([BAD])
  await using good = await RawUpstream.start()
  const endpoints = { a: { port: bad.port }, b: { port: good.port } }
  for (const [one, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    await using engine = await engineThrough([['retry', retry, { attempts: 2, status: ['503'] }]], [], {
      services: {
        main: { strategy: 'hrw', endpoints: { x: endpoints[one], y: endpoints[other] } },
      },
    })
    await using client = await engine.connect()
    for (let i = 0; i < 4; i++) assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
  }
})

test('connections that the endpoint has closed meanwhile cost one attempt, not one each', async () => {
  await using upstream = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(ok())
    await peer.readMessage()
    peer.reset()
  })
  await using engine = await engineThrough([['retry', retry, { attempts: 2 }]], [upstream])
  const clients = await Promise.all([1, 2, 3].map(() => engine.connect()))
  for (const client of clients) client.write(GET)
  for (const client of clients) assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
  assert.match((await clients[0]!.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
  for (const client of clients) await client[Symbol.asyncDispose]()
})

test('a client that goes away while the next attempt is waited for ends it', async () => {
  await using upstream = await inTurn([BAD])
  await using engine = await engineThrough(
    [['retry', retry, { attempts: 5, status: ['503'], initialInterval: '1h' }]],
    [upstream],
  )
  const client = await engine.connect()
  client.write(GET)
  await until('the first attempt', () => upstream.text.length > 0 && engine.inFlight === 0)
  client.reset()
  await until('the end of the request', () => engine.finished.length === 1)
  assert.equal(engine.finished[0]!.why, 'DC')
})

test('a WebSocket is opened once', async () => {
  await using upstream = await inTurn([BAD])
  await using engine = await engineThrough([['retry', retry, { attempts: 5, status: ['503'] }]], [upstream])
  await using client = await engine.connect()
  const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  assert.match((await client.write(upgrade).readMessage()).head, /^HTTP\/1\.1 503 /)
  assert.equal(upstream.text.match(/^GET/gm)?.length, 1)
})

test('when everything fails, retries stay within their budget', async () => {
  await using upstream = await inTurn([BAD])
  await using engine = await engineThrough([['retry', retry, { attempts: 10, status: ['503'] }]], [upstream])
  await using client = await engine.connect()
  const began = performance.now()
  const requests = 60
  for (let i = 0; i < requests; i++) await client.write(GET).readMessage()
  const seconds = Math.ceil((performance.now() - began) / 1_000) + 1
  const attempts = upstream.text.match(/^GET/gm)!.length
  assert.ok(attempts <= requests + seconds * Math.max(10, requests * 0.2) + 1, `${attempts} attempts`)
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ attempts: 2, status: ['5xx'] }, /`status`: `5xx` is no status/],
  [{ attempts: 2, status: ['599-500'] }, /ends before it begins/],
  [{ attempts: 2, disableRetryOnNetworkError: true }, /nothing would be sent again/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(retry, options) ?? '', complaint)
  })
}
