import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import forwardAuth from '../../src/middlewares/forward-auth.ts'
import { AuthClient } from '../../src/middlewares/forward-auth/auth-client.ts'
import { TestAuthority } from '../support/certificates.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import type { Script } from '../support/raw-upstream.ts'
import { ServedRoutes } from '../support/served-routes.ts'
import { until } from '../support/until.ts'
import { engineThrough } from './engine-through.ts'
import { complaintAbout } from './make-middleware.ts'

const GET = 'GET /a?b=1 HTTP/1.1\r\nHost: app.test\r\nCookie: c=1\r\nX-User: forged\r\nX-Other: o\r\n\r\n'
const POST = 'POST /a HTTP/1.1\r\nHost: app.test\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello'

interface Asked {
  readonly options?: Record<string, unknown>
  /** Of the authentication server. */
  readonly auth?: string | Script
  readonly service?: string
  readonly request?: string
  /** Default: that of a server that runs. */
  readonly address?: string
}

interface Outcome {
  readonly head: string
  /** Status and why-code. */
  readonly status: string
  readonly body: string
  /** What came to the authentication server. */
  readonly question: string
  /** What came to the service. */
  readonly passed: string
  readonly failures: readonly string[]
}

async function ask({
  options = {},
  auth = ok(),
  service = ok('in'),
  request = GET,
  address,
}: Asked): Promise<Outcome> {
  await using server = await RawUpstream.start(typeof auth === 'string' ? answering(auth) : auth)
  await using upstream = await RawUpstream.start(answering(service))
  const to = address ?? `http://127.0.0.1:${server.port}/check?x=1`
  await using engine = await engineThrough(
    [['forwardAuth', forwardAuth, { address: to, ...options }]],
    [upstream],
  )
  await using client = await engine.connect()
  const { head, body } = await client.write(request).readMessage()
  return {
    head,
    status: head.slice(9, 12) + (/tidegate-why: (..)/i.exec(head)?.[1] ?? ''),
    body: body.toString(),
    question: server.text,
    passed: upstream.text,
    failures: engine.failures,
  }
}

function answer(status: string, fields = '', body = ''): string {
  return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}

test('2xx lets the request pass; the server was told all there is to it', async () => {
  const { status, body, question, passed } = await ask({
    auth: answer('204 No Content').replace('Content-Length: 0\r\n', ''),
  })
  assert.deepEqual([status, body], ['200', 'in'])
  assert.match(question, /^GET \/check\?x=1 HTTP\/1\.1\r\n/)
  for (const line of [
    /^host: 127\.0\.0\.1:\d+\r$/im,
    /^Cookie: c=1\r$/m,
    /^X-Forwarded-Method: GET\r$/m,
    /^X-Forwarded-Proto: http\r$/m,
    /^X-Forwarded-Host: app\.test\r$/m,
    /^X-Forwarded-Uri: \/a\?b=1\r$/m,
    /^X-Forwarded-For: 127\.0\.0\.1\r$/m,
  ])
    assert.match(question, line)
  assert.match(passed, /^GET \/a\?b=1 HTTP\/1\.1\r\nHost: app\.test\r\n/)
})

test('everything else is the client’s answer, as it is', async () => {
  const fields = 'Content-Type: text/html\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nWWW-Authenticate: X\r\n'
  const { head, status, body, passed } = await ask({ auth: answer('403 Forbidden', fields, '<p>no') })
  assert.deepEqual([status, body, passed], ['403AR', '<p>no', ''])
  assert.match(
    head,
    /Content-Type: text\/html\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nWWW-Authenticate: X\r\n/i,
  )
})

test('a redirection is not followed; a relative one leads to the server', async () => {
  const auth = answer('302 Found', 'Location: /login?x=1\r\n')
  const { head, status, question } = await ask({ auth })
  assert.equal(status, '302AR')
  assert.match(head, /\r\nLocation: http:\/\/127\.0\.0\.1:\d+\/login\?x=1\r\n/i)
  assert.equal(question.match(/^GET/gm)?.length, 1)
  const kept = await ask({ auth, options: { preserveLocationHeader: true } })
  assert.match(kept.head, /\r\nLocation: \/login\?x=1\r\n/i)
})

test('authSigninURL: 401 becomes a redirection, 403 does not', async () => {
  const options = { authSigninURL: 'https://login.test/' }
  const { status, head } = await ask({ options, auth: answer('401 Unauthorized', '', 'no') })
  assert.equal(status, '302RD')
  assert.match(head, /\r\nLocation: https:\/\/login\.test\/\r\n/)
  assert.equal((await ask({ options, auth: answer('403 Forbidden') })).status, '403AR')
})

test('authResponseHeaders: the server’s fields take the place of the client’s, also when it sets none', async () => {
  const options = { authResponseHeaders: ['x-user'], authResponseHeadersRegex: '^X-Role-' }
  const auth = answer('200 OK', 'X-User: ann\r\nX-Role-A: 1\r\nX-Role-A: 2\r\nX-Secret: s\r\n')
  const { passed } = await ask({ options, auth })
  assert.match(passed, /^X-User: ann\r$/m)
  assert.match(passed, /^X-Role-A: 1\r\nX-Role-A: 2\r$/m)
  assert.doesNotMatch(passed, /forged|X-Secret/)
  assert.doesNotMatch((await ask({ options })).passed, /forged/)
})

test('authRequestHeaders: the server is told those, and where the request goes', async () => {
  const { question } = await ask({ options: { authRequestHeaders: ['cookie'] } })
  assert.match(question, /^Cookie: c=1\r$/m)
  assert.match(question, /^X-Forwarded-Uri: /m)
  assert.doesNotMatch(question, /X-Other|X-User/)
})

test('addAuthCookiesToResponse: the server’s cookies of these names, in place of the service’s', async () => {
  const options = { addAuthCookiesToResponse: ['sid'] }
  const auth = answer('200 OK', 'Set-Cookie: sid=new; Path=/\r\nSet-Cookie: other=1\r\n')
  const service = ok('in', 'Set-Cookie: sid=old\r\nSet-Cookie: own=1\r\n')
  const { head } = await ask({ options, auth, service })
  assert.match(head, /Set-Cookie: own=1\r\nSet-Cookie: sid=new; Path=\//)
  assert.doesNotMatch(head, /sid=old|other=1/)
})

test('without forwardBody the server sees no body, and the service sees it whole', async () => {
  const { question, passed } = await ask({ request: POST })
  assert.match(question, /^GET [^]*\r\n\r\n$/)
  assert.doesNotMatch(question, /content-type|content-length|hello/i)
  assert.match(passed, /\r\n\r\nhello$/)
})

test('forwardBody and preserveRequestMethod: it sees what the service sees', async () => {
  const { question, passed } = await ask({
    request: POST,
    options: { forwardBody: true, preserveRequestMethod: true },
  })
  assert.match(question, /^POST \/check\?x=1 [^]*\r\n\r\nhello$/)
  assert.match(question, /^content-length: 5\r$/im)
  assert.match(question, /^Content-Type: a\/b\r$/m)
  assert.match(passed, /^POST \/a [^]*\r\n\r\nhello$/)
})

const bodies: [maxBodySize: number, status: string][] = [
  [-1, '200'],
  [5, '200'],
  [4, '401AE'],
  [0, '401AE'],
]
for (const [maxBodySize, status] of bodies) {
  test(`maxBodySize ${maxBodySize}: a body of five bytes gets ${status}`, async () => {
    const outcome = await ask({ request: POST, options: { forwardBody: true, maxBodySize } })
    assert.equal(outcome.status, status)
    assert.equal(outcome.question === '', status !== '200')
  })
}

test('maxResponseBodySize: a longer answer is no answer, and no leave to pass', async () => {
  const auth = answer('403 Forbidden', '', '12345')
  for (const onError of ['closed', 'open'])
    assert.equal((await ask({ auth, options: { maxResponseBodySize: 4, onError } })).status, '401AE')
  assert.equal((await ask({ auth, options: { maxResponseBodySize: 5 } })).status, '403AR')
})

const trust: [trusted: boolean, method: RegExp, uri: RegExp][] = [
  [false, /^X-Forwarded-Method: GET\r$/m, /^X-Forwarded-Uri: \/a\?b=1\r$/m],
  [true, /^X-Forwarded-Method: PUT\r$/m, /^X-Forwarded-Uri: \/outer\r$/m],
]
for (const [trustForwardHeader, method, uri] of trust) {
  test(`trustForwardHeader ${trustForwardHeader}: what a trusted proxy in front says`, async () => {
    await using server = await RawUpstream.start()
    await using upstream = await RawUpstream.start()
    const options = { address: `http://127.0.0.1:${server.port}/`, trustForwardHeader }
    await using engine = await engineThrough([['forwardAuth', forwardAuth, options]], [upstream], {
      forwarded: { trustedIPs: ['127.0.0.0/8'] },
    })
    await using client = await engine.connect()
    const told = 'X-Forwarded-Method: PUT\r\nX-Forwarded-Uri: /outer\r\n'
    await client.write(GET.replace('Cookie', `${told}Cookie`)).readMessage()
    assert.match(server.text, method)
    assert.match(server.text, uri)
  })
}

const failing: [name: string, asked: Asked][] = [
  ['nobody listens', { address: `http://127.0.0.1:${refusingPort()}/` }],
  ['it closes without an answer', { auth: (peer) => peer.reset() }],
  ['it answers nonsense', { auth: 'hello\r\n\r\n' }],
]
for (const [name, asked] of failing) {
  test(`${name}: closed answers 500 and says so, open lets pass, but with nothing that only the server may say`, async () => {
    const closed = await ask(asked)
    assert.deepEqual([closed.status, closed.passed], ['500AE', ''])
    assert.match(
      closed.failures.join(),
      /^middleware forwardAuth-0: the authentication server http:\/\/127\.0\.0\.1:\d+ cannot be asked: /,
    )
    const open = await ask({ ...asked, options: { onError: 'open', authResponseHeaders: ['X-User'] } })
    assert.deepEqual([open.status, open.body], ['200', 'in'])
    assert.doesNotMatch(open.passed, /forged/)
    assert.equal(open.failures.length, 1)
  })
}

test('connections to the server are used again, also when it has closed one meanwhile', async () => {
  await using server = await RawUpstream.start(async (peer) => {
    await peer.readMessage()
    peer.write(ok())
    await peer.readMessage()
    peer.write(ok())
    peer.end()
  })
  await using upstream = await RawUpstream.start()
  const options = { address: `http://127.0.0.1:${server.port}/` }
  await using engine = await engineThrough([['forwardAuth', forwardAuth, options]], [upstream])
  await using client = await engine.connect()
  for (let i = 0; i < 6; i++) assert.match((await client.write(GET).readMessage()).head, /^HTTP\/1\.1 200 /)
  assert.equal(server.connections.length, 3)
})

test('a client that goes away ends the question', async () => {
  await using server = await RawUpstream.start(async (peer) => void (await peer.readMessage()))
  await using upstream = await RawUpstream.start()
  const options = { address: `http://127.0.0.1:${server.port}/` }
  await using engine = await engineThrough([['forwardAuth', forwardAuth, options]], [upstream])
  const client = await engine.connect()
  client.write(GET)
  await until('the question', () => server.text.length > 0)
  client.reset()
  await until('its end', () => server.connections[0]!.ending !== undefined)
  await until('the end of the request', () => engine.finished.length === 1)
  assert.equal(engine.finished[0]!.why, 'DC')
  assert.deepEqual(engine.failures, [])
})

test('a server that does not answer in time is given up', async () => {
  await using server = await RawUpstream.start(async (peer) => void (await peer.readMessage()))
  const client = new AuthClient(new URL(`http://127.0.0.1:${server.port}/`), undefined, 100, 100)
  const question = { method: 'GET', fields: [], body: undefined }
  await assert.rejects(client.ask(question, new AbortController()), /no answer within 0\.1 s/)
  await until('the end of the connection', () => server.connections[0]!.ending !== undefined)
})

test('tls: the server shows a certificate of the authority, and sees that of the proxy', async () => {
  using authority = new TestAuthority()
  using foreign = new TestAuthority()
  const shown = authority.sign('IP:127.0.0.1')
  const server = createServer(
    { ...authority.sign('IP:127.0.0.1'), ca: authority.cert, requestCert: true },
    (socket: TLSSocket) => {
      const peer = new RawPeer(socket)
      void peer
        .readMessage()
        .then(() => peer.write(answer('200 OK', `X-Authorized: ${socket.authorized}\r\n`)))
    },
  )
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-auth-'))
  await using origin = await startOrigin()
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const own = { cert: await file('c.pem', shown.cert), key: await file('k.pem', shown.key) }
  const good = await file('ca.pem', authority.cert)
  const bad = await file('other.pem', foreign.cert)
  const auth = (tls: object): object => ({
    forwardAuth: {
      address: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      authResponseHeaders: ['X-Authorized'],
      tls,
    },
  })
  const middlewares = {
    good: auth({ ca: good, ...own }),
    foreign: auth({ ca: bad }),
    any: auth({ ca: bad, insecureSkipVerify: true, ...own }),
    missing: auth({ ca: join(folder, 'none.pem') }),
  }
  const routers = Object.fromEntries(
    Object.keys(middlewares).map((name) => [
      name,
      { rule: `Path(\`/${name}\`)`, service: 'app', middlewares: [name] },
    ]),
  )
  const services = { app: { loadBalancer: { servers: [{ url: origin.url }] } } }
  await using routes = await ServedRoutes.start({ routers, services, middlewares }, ['--workers=1'])
  const statusOf = async (path: string): Promise<string> => {
    await using peer = await RawPeer.open(routes.port)
    const { head } = await peer
      .write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
      .readMessage()
    return head.slice(9, 12)
  }
  try {
    const statuses = await Promise.all(['/good', '/foreign', '/any', '/missing'].map(statusOf))
    assert.deepEqual(statuses, ['200', '500', '200', '404'])
  } finally {
    server.close()
    await rm(folder, { recursive: true })
  }
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ address: 'auth:80' }, /`address` is no URL/],
  [{ authSigninURL: 'login' }, /`authSigninURL` is no URL/],
  [{ authResponseHeaders: ['a b'] }, /is not the name/],
  [{ authResponseHeadersRegex: '(' }, /`authResponseHeadersRegex`/],
  [{ tls: { cert: 'c.pem' } }, /go together/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(forwardAuth, { address: 'http://a/', ...options }) ?? '', complaint)
  })
}
