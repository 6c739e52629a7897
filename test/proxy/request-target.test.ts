import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineBefore, ownFields, startEngine } from '../support/engine.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'

/** Spellings of a guarded path: each must meet the guard, be refused, or reach the service as another path. */
const SPELLINGS: readonly (readonly [target: string, expected: 'guarded' | 'refused' | `/${string}`])[] = [
  ['/admin', 'guarded'],
  ['//admin', 'guarded'],
  ['///admin', 'guarded'],
  ['/./admin', 'guarded'],
  ['/.//./admin', 'guarded'],
  ['/../admin', 'guarded'],
  ['/x/../admin', 'guarded'],
  ['/x/y/../../admin', 'guarded'],
  ['/%61dmin', 'guarded'],
  ['/%61%64%6D%69%6e', 'guarded'],
  ['/%2e/admin', 'guarded'],
  ['/%2E%2e/admin', 'guarded'],
  ['/x/%2e%2e/admin', 'guarded'],
  ['/x/.%2e/admin', 'guarded'],
  ['/admin/.', 'guarded'],
  ['/admin/x/..', 'guarded'],
  ['/admin?x', 'guarded'],
  ['/admin;x', 'guarded'],
  ['/admin%2fx', 'guarded'],
  ['http://a/admin', 'guarded'],
  ['http://a//x/..//admin', 'guarded'],
  ['HTTP://a/%61dmin', 'guarded'],
  ['/admin%00', 'refused'],
  ['/%00/../admin', 'refused'],
  ['/x\\..\\admin', 'refused'],
  ['\\admin', 'refused'],
  ['/admin#x', 'refused'],
  ['/#/../admin', 'refused'],
  ['/%zz/../admin', 'refused'],
  ['/admin%', 'refused'],
  ['/admin%6', 'refused'],
  ['admin', 'refused'],
  ['./admin', 'refused'],
  ['?/admin', 'refused'],
  ['/\x01admin', 'refused'],
  ['/\xe0dmin', 'refused'],
  ['/admin/../x', '/x'],
  ['/admin/%2e%2e/x', '/x'],
  ['/%2fadmin', '/%2Fadmin'],
  ['/x%2f..%2fadmin', '/x%2F..%2Fadmin'],
  ['/%5cadmin', '/%5Cadmin'],
  ['/%2561dmin', '/%2561dmin'],
  ['/..;/admin', '/..;/admin'],
  ['/ADMIN', '/ADMIN'],
  ['/?/../admin', '/?/../admin'],
]
for (const [target, expected] of SPELLINGS) {
  test(`path: ${JSON.stringify(target)} → ${expected}`, async () => {
    await using open = await RawUpstream.start(answering(ok('open')))
    await using guarded = await RawUpstream.start(answering(ok('guarded')))
    await using engine = await startEngine({
      routers: {
        guard: { rule: 'PathPrefix(`/admin`)', service: 'guarded' },
        rest: { rule: 'PathPrefix(`/`)' },
      },
      services: {
        main: { endpoints: { 0: { port: open.port } } },
        guarded: { endpoints: { 0: { port: guarded.port } } },
      },
    })
    const { text } = await engine.sendToEnd(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    if (expected === 'refused') {
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.equal(open.connections.length + guarded.connections.length, 0)
    } else if (expected === 'guarded') {
      assert.match(text, /\r\n\r\nguarded$/)
      assert.match(guarded.text, /^GET \/admin/)
    } else assert.ok(open.text.startsWith(`GET ${expected} HTTP/1.1\r\n`), open.text)
  })
}

test('without sanitizePath the path goes on as it came', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { limits: { sanitizePath: false } })
  await engine.sendToEnd('GET //a/./b/%2e%2E/%7e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(upstream.text, /^GET \/\/a\/\.\/b\/%2e%2E\/%7e HTTP\/1\.1\r\n/)
})

type TargetRow = readonly [
  name: string,
  requestLine: string,
  host: string,
  forwarded: string,
  forwardedHost: string,
]
const TARGETS: readonly TargetRow[] = [
  ['origin-form', 'GET /x?y', 'a', 'GET /x?y', 'a'],
  ['a Host with a port', 'GET /', 'a:8080', 'GET /', 'a:8080'],
  ['a Host in capitals', 'GET /', 'A', 'GET /', 'A'],
  ['a Host with a trailing dot', 'GET /', 'a.', 'GET /', 'a.'],
  ['absolute-form', 'GET http://a/x?y', 'a', 'GET /x?y', 'a'],
  ['absolute-form of another host', 'GET http://a/x', 'b', 'GET /x', 'a'],
  ['absolute-form with a port', 'GET http://a:81/x', 'b', 'GET /x', 'a:81'],
  ['absolute-form without a path', 'GET http://a', 'a', 'GET /', 'a'],
  ['absolute-form with a query alone', 'GET http://a?x', 'a', 'GET /?x', 'a'],
  ['asterisk-form', 'OPTIONS *', 'a', 'OPTIONS *', 'a'],
  // RFC 9112 §3.2.4: what names a server and no path asks for the server as a whole.
  ['OPTIONS of a server', 'OPTIONS http://a', 'a', 'OPTIONS *', 'a'],
]
for (const [name, requestLine, host, forwarded, forwardedHost] of TARGETS) {
  test(`target: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream], { routers: { a: { rule: 'Host(`a`)' } } })
    const { text } = await engine.sendToEnd(
      `${requestLine} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    assert.match(text, /^HTTP\/1\.1 200 /)
    const port = /:(\d+)$/.exec(forwardedHost)?.[1]
    assert.equal(
      upstream.text,
      `${forwarded} HTTP/1.1\r\nHost: ${forwardedHost}\r\n${ownFields(forwardedHost, port)}\r\n`,
    )
  })
}

const REFUSED: readonly (readonly [name: string, head: string, status: number])[] = [
  ['no Host', 'GET / HTTP/1.1\r\n', 400],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n', 400],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n', 400],
  ['two Hosts in other cases', 'GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n', 400],
  ['a list of Hosts', 'GET / HTTP/1.1\r\nHost: a, b\r\n', 400],
  ['a path in Host', 'GET / HTTP/1.1\r\nHost: a/b\r\n', 400],
  ['a user in Host', 'GET / HTTP/1.1\r\nHost: u@a\r\n', 400],
  ['a scheme in Host', 'GET / HTTP/1.1\r\nHost: http://a\r\n', 400],
  ['a port that is no number', 'GET / HTTP/1.1\r\nHost: a:b\r\n', 400],
  ['a port beyond 65535', 'GET / HTTP/1.1\r\nHost: a:65536\r\n', 400],
  ['two ports', 'GET / HTTP/1.1\r\nHost: a:1:2\r\n', 400],
  ['a port alone', 'GET / HTTP/1.1\r\nHost: :80\r\n', 400],
  ['no Host besides an absolute target', 'GET http://a/ HTTP/1.1\r\n', 400],
  ['a bad Host besides an absolute target', 'GET http://a/ HTTP/1.1\r\nHost: a/b\r\n', 400],
  ['an absolute target without a host', 'GET http:///x HTTP/1.1\r\nHost: a\r\n', 400],
  ['an absolute target with a user', 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n', 400],
  ['an absolute target of another scheme', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n', 400],
  ['GET *', 'GET * HTTP/1.1\r\nHost: a\r\n', 400],
  ['authority-form without CONNECT', 'GET a:80 HTTP/1.1\r\nHost: a\r\n', 400],
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n', 405],
  ['CONNECT with a path', 'CONNECT / HTTP/1.1\r\nHost: a\r\n', 405],
]
for (const [name, head, status] of REFUSED) {
  test(`refused: ${name}`, async () => {
    await using upstream = await RawUpstream.start()
    await using engine = await engineBefore([upstream])
    const { text, ending } = await engine.sendToEnd(`${head}\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`)
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(text.split('HTTP/1.1 ').length, 2, 'exactly one answer')
    assert.equal(ending, 'end')
    assert.equal(upstream.connections.length, 0)
  })
}

test('HTTP/1.0 needs no Host: the endpoint gets its own', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream])
  const { text } = await engine.sendToEnd('GET / HTTP/1.0\r\n\r\n')
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.match(upstream.text, new RegExp(`^GET / HTTP/1\\.1\r\nHost: 127\\.0\\.0\\.1:${upstream.port}\r\n`))
  assert.doesNotMatch(upstream.text, /X-Forwarded-Host/, 'the client named no host')
})

const PASS_HOST: readonly (readonly [passHostHeader: boolean, pathPrefix: string, head: string])[] = [
  [true, '', 'GET /x HTTP/1.1\r\nX: 1\r\nHost: a\r\n'],
  [true, '/base', 'GET /base/x HTTP/1.1\r\nX: 1\r\nHost: a\r\n'],
  [false, '', 'GET /x HTTP/1.1\r\nHost: app.internal:81\r\nX: 1\r\n'],
]
for (const [passHostHeader, pathPrefix, head] of PASS_HOST) {
  test(`passHostHeader ${passHostHeader}, path prefix '${pathPrefix}'`, async () => {
    await using upstream = await RawUpstream.start()
    const endpoint = { port: upstream.port, authority: 'app.internal:81', pathPrefix }
    await using engine = await startEngine({
      routers: { all: {} },
      services: { main: { endpoints: { 0: endpoint }, passHostHeader } },
    })
    await engine.sendToEnd('GET /x HTTP/1.1\r\nX: 1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.equal(upstream.text, `${head}${ownFields('a')}\r\n`)
  })
}
