import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { RequestListener, ServerResponse } from 'node:http'
import test from 'node:test'
import provider from '../../providers/http.ts'
import { toPlain } from '../../src/config/source-tree.ts'
import { ConfigServer } from '../peers/config-server.ts'
import { TestAuthority } from '../support/certificates.ts'
import { WatchedProvider } from './watched-provider.ts'

const QUICK = { pollInterval: '0.1s', pollTimeout: '0.5s' }

function watch(endpoint: string, options: object = {}): WatchedProvider {
  return new WatchedProvider(provider, { endpoint, ...QUICK, ...options })
}

/** Routes of one router. */
function routes(rule: string): object {
  return {
    http: {
      routers: { web: { rule, service: 'web' } },
      services: { web: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } } },
    },
  }
}

function giving(body: string, type = 'application/json'): RequestListener {
  return (_, response) =>
    void response
      .writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
      .end(body)
}

function ruleOf(watched: WatchedProvider): unknown {
  const { routing } = watched.view().snapshot ?? {}
  const plain = routing && (toPlain(routing) as { http?: { routers?: { web?: { rule?: string } } } })
  return plain?.http?.routers?.web?.rule
}

const A = JSON.stringify(routes('Path(`/a`)'))
const B = JSON.stringify(routes('Path(`/b`)'))
const YAML_A = 'http:\n  routers:\n    web:\n      rule: Path(`/a`)\n      service: web\n'
const TOML_A = '[http.routers.web]\nrule = "Path(`/a`)"\nservice = "web"\n'

const formats: [name: string, body: string, type: string][] = [
  ['JSON', A, 'application/json'],
  ['JSON that is called text', A, 'text/plain'],
  ['YAML', YAML_A, 'application/yaml'],
  ['YAML that is called nothing', YAML_A, 'application/octet-stream'],
  ['YAML that is called JSON', YAML_A, 'application/json'],
  ['YAML in braces', '{http: {routers: {web: {rule: "Path(`/a`)", service: web}}}}', 'text/yaml'],
  ['TOML', TOML_A, 'application/toml'],
]
for (const [name, body, type] of formats) {
  test(`reads ${name}`, async () => {
    await using server = await ConfigServer.start(giving(body, type))
    await using watched = watch(server.url)
    await watched.until('the rule', () => ruleOf(watched) === 'Path(`/a`)')
    assert.deepEqual(watched.view().snapshot?.problems, undefined)
  })
}

test('the ending of the URL tells TOML, instances are read too, and a wrong key is named with its place', async () => {
  const body = '[[instances]]\nname = "web"\naddress = "127.0.0.1"\nport = 80\n\n[htpp]\na = 1\n'
  await using server = await ConfigServer.start(giving(body, 'text/plain'))
  const endpoint = `${server.url}.toml?token=hunter2`
  await using watched = watch(endpoint)
  await watched.until('the instance', () => watched.instances('web').length === 1)
  const [problem] = watched.view().snapshot?.problems ?? []
  assert.deepEqual([problem?.code, problem?.origin.line], ['E101', 6])
  assert.equal(problem?.origin.source, `${server.url}.toml`)
  assert.equal(server.requests[0]?.url, '/config.toml?token=hunter2')
})

test('a change is seen within the interval; the same is not told again, whatever the server says of it', async () => {
  await using server = await ConfigServer.start(giving(A))
  await using watched = watch(server.url)
  await watched.until('the first', () => ruleOf(watched) === 'Path(`/a`)')
  while (server.requests.length < 4) await new Promise<void>((next) => setImmediate(next))
  assert.equal(watched.updates.length, 1)
  server.answer = giving(B)
  await watched.until('the second', () => ruleOf(watched) === 'Path(`/b`)')
  assert.equal(watched.updates.length, 2)
})

const validators: [name: string, field: string, value: string, question: string][] = [
  ['ETag', 'etag', `"${createHash('md5').update(A).digest('hex')}"`, 'if-none-match'],
  ['Last-Modified', 'last-modified', 'Wed, 21 Oct 2015 07:28:00 GMT', 'if-modified-since'],
]
for (const [name, field, value, question] of validators) {
  test(`${name} makes the next question a conditional one; 304 heals a fault`, async () => {
    let bodies = 0
    const conditional: RequestListener = (request, response) => {
      if (request.headers[question] === value) return void response.writeHead(304).end()
      bodies++
      response.setHeader(field, value)
      giving(A)(request, response)
    }
    await using server = await ConfigServer.start(conditional)
    await using watched = watch(server.url)
    await watched.until('the first', () => ruleOf(watched) === 'Path(`/a`)')
    while (server.requests.length < 3) await new Promise<void>((next) => setImmediate(next))
    assert.deepEqual([bodies, watched.updates.length], [1, 1])
    server.answer = (_, response) => void response.writeHead(500).end()
    await watched.until('the failure', ({ failure }) => failure !== undefined)
    server.answer = conditional
    await watched.until('healed', ({ failure }) => failure === undefined)
    assert.equal(bodies, 1)
    watched.refresh()
    await watched.until('read whole when asked for', () => bodies === 2 && watched.updates.length >= 4)
  })
}

const faults: [name: string, answer: RequestListener, problem: RegExp][] = [
  ['500', (_, response) => void response.writeHead(500).end('oops'), /^E404 .*status 500 instead of 200/],
  [
    '404',
    (_, response) => void response.writeHead(404).end(),
    /^E404 .*status 404.*whether endpoint is right/,
  ],
  ['204', (_, response) => void response.writeHead(204).end(), /^E404 .*status 204/],
  ['401', (_, response) => void response.writeHead(401).end(), /^E402 .*denied access \(401\)/],
  ['a 304 that nobody asked for', (_, response) => void response.writeHead(304).end(), /^E404 .*status 304/],
  [
    'a redirect',
    (_, response) =>
      void response.writeHead(302, { location: 'http://me:hunter2@other/x?token=hunter2' }).end(),
    /^E404 .*redirects elsewhere \(302\).*name that as endpoint: http:\/\/other\/x$/,
  ],
  ['garbage', giving('\u0001\u0002 {{{', 'application/json'), /^E104 /],
  ['a page of HTML', giving('<html><body>Welcome</body></html>', 'text/html'), /^E102 .*holds no sections/],
  ['the JSON of an error', giving('{"error": "try later"}'), /^E101 .*unknown key `error`/],
  ['JSON that breaks off', giving(A.slice(0, 60)), /^E104 /],
  [
    'bytes that are no text',
    (_, response) => void response.writeHead(200).end(Buffer.from([0x7b, 0xff, 0xfe])),
    /^E104 /,
  ],
  ['nothing in it', giving(''), /^E404 the answer is empty/],
  [
    'half an answer, counted',
    half({ 'content-length': A.length }),
    /^E404 .*no whole answer: the connection broke/,
  ],
  [
    'half an answer in chunks',
    half({ 'transfer-encoding': 'chunked' }),
    /^E404 .*no whole answer: the connection broke/,
  ],
  [
    'an answer that never ends',
    (_, response) => void response.writeHead(200).write('{'),
    /^E401 .*did not answer in time.*pollTimeout/,
  ],
  ['silence', () => undefined, /^E401 .*did not answer in time/],
  ['a connection that is closed', (request) => void request.socket.destroy(), /^E401 .*cannot be reached/],
  [
    'a huge answer',
    (_, response) => endless(response),
    /^E404 .*longer than 1000000 bytes.*maxResponseBodySize/,
  ],
]
for (const [name, answer, problem] of faults) {
  test(`the routing stays while the server answers with ${name}, and heals afterwards`, async () => {
    await using server = await ConfigServer.start(giving(A))
    await using watched = watch(server.url, { maxResponseBodySize: '1MB' })
    await watched.until('the first', () => ruleOf(watched) === 'Path(`/a`)')
    server.answer = answer
    await watched.until('the failure', ({ failure }) =>
      problem.test(`${failure?.code} ${failure?.message} ${failure?.remedy ?? ''}`.trim()),
    )
    assert.equal(ruleOf(watched), 'Path(`/a`)')
    server.answer = giving(A)
    await watched.until('healed', ({ failure }) => failure === undefined)
    assert.equal(ruleOf(watched), 'Path(`/a`)')
    server.answer = giving(B)
    await watched.until('what comes next', () => ruleOf(watched) === 'Path(`/b`)')
    assert.ok(!JSON.stringify(watched.updates).includes('hunter2'))
  })
}

function half(fields: Readonly<Record<string, string | number>>): RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...fields })
    response.write(A.slice(0, 40), () => response.destroy())
  }
}

/** Until nobody reads on. */
function endless(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const chunk = Buffer.alloc(64 * 1024, ' ')
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}

test('an answer that ends with its connection is believed when two agree', async () => {
  const lengths = [A.length, 50, A.length, A.length]
  const untold: RequestListener = (request) => {
    const body = A.slice(0, lengths.shift() ?? A.length)
    request.socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`)
  }
  await using server = await ConfigServer.start(untold)
  await using watched = watch(server.url)
  await watched.until('the doubt', ({ failure }) => /came in two lengths/.test(failure?.message ?? ''))
  await watched.until('both', ({ failure }) => !failure && ruleOf(watched) === 'Path(`/a`)')
})

test('a server that is down, from the start and later, is named, and found when it comes', async () => {
  await using server = await ConfigServer.start(giving(A))
  await server.stop()
  await using watched = watch(server.url)
  await watched.until('the failure', ({ failure }) => failure?.code === 'E401')
  assert.match(
    watched.view().failure?.message ?? '',
    new RegExp(`^${server.url} cannot be reached: .*ECONNREFUSED`),
  )
  await server.listen()
  await watched.until('the routes', ({ failure }) => !failure && ruleOf(watched) === 'Path(`/a`)')
  await server.stop()
  await watched.until('down again', ({ failure }) => failure?.code === 'E401')
  await server.listen()
  await watched.until('back', ({ failure }) => !failure)
})

test('fields are sent along, a user of the URL as basic authentication; neither is ever shown', async () => {
  const answer: RequestListener = (request, response) => {
    const { authorization = '', 'x-key': key = '' } = request.headers
    const known = authorization === `Basic ${btoa('me:hunter2')}` && key === 's3cret'
    if (known) return giving(A)(request, response)
    response.writeHead(302, { location: `/elsewhere/s3cret/hunter2` }).end()
  }
  await using server = await ConfigServer.start(answer)
  const endpoint = server.url.replace('://', '://me:hunter2@')
  await using good = watch(endpoint, { headers: { 'X-Key': 's3cret' } })
  await good.until('the routes', () => ruleOf(good) === 'Path(`/a`)')
  await using bad = watch(endpoint, { headers: { 'X-Key': 's3cret', 'X-Other': 'b' }, pollInterval: '0.1s' })
  await bad.until('the routes', () => ruleOf(bad) === 'Path(`/a`)')
  server.answer = (_, response) =>
    void response.writeHead(302, { location: '/elsewhere/s3cret/hunter2' }).end()
  await bad.until('the failure', ({ failure }) => failure !== undefined)
  assert.doesNotMatch(JSON.stringify([good.updates, bad.updates]), /s3cret|hunter2/)
})

test('TLS: by the authority of the options, and refused without it', async () => {
  using authority = new TestAuthority()
  await using server = await ConfigServer.start(giving(A), authority.sign('IP:127.0.0.1'))
  await using good = watch(server.url, { tls: { ca: authority.cert } })
  await good.until('the routes', () => ruleOf(good) === 'Path(`/a`)')
  await using careless = watch(server.url, { tls: { insecureSkipVerify: true } })
  await careless.until('the routes', () => ruleOf(careless) === 'Path(`/a`)')
  await using bad = watch(server.url)
  await bad.until('the failure', ({ failure }) => failure?.code === 'E401')
  assert.match(`${bad.view().failure?.message} ${bad.view().failure?.remedy}`, /certificate/)
})

for (const endpoint of ['', 'nonsense', 'ftp://me:hunter2@host/', '/etc/passwd']) {
  test(`an endpoint that is none is refused in a sentence: ${JSON.stringify(endpoint)}`, async () => {
    await using watched = watch(endpoint)
    await assert.rejects(watched.ended, (error: Error) => {
      assert.match(error.message, /endpoint is not a URL of HTTP/)
      return !error.message.includes('hunter2')
    })
  })
}
