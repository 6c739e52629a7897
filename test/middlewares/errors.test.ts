import assert from 'node:assert/strict'
import { test } from 'node:test'
import addPrefix from '../../src/middlewares/add-prefix.ts'
import errors from '../../src/middlewares/errors.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import type { Script } from '../support/raw-upstream.ts'
import { ServedRoutes } from '../support/served-routes.ts'
import { until } from '../support/until.ts'
import { engineThrough } from './engine-through.ts'
import { complaintAbout } from './make-middleware.ts'

function status(code: number, fields = ''): Script {
  return answering(`HTTP/1.1 ${code} X\r\n${fields}Content-Length: 4\r\n\r\nbare`)
}

interface Asked {
  readonly options?: Record<string, unknown>
  readonly service?: Script | undefined
  readonly pages?: Script
  readonly request?: string
}

interface Outcome {
  readonly head: string
  readonly status: string
  readonly body: string
  /** What the pages' service was asked. */
  readonly asked: string
}

async function ask({ options = {}, service, pages, request }: Asked): Promise<Outcome> {
  await using main = await RawUpstream.start(service ?? status(500))
  await using other = await RawUpstream.start(
    pages ?? answering(ok('<p>sorry', 'Content-Type: text/html\r\nX-Page: 1\r\n')),
  )
  await using engine = await engineThrough(
    [
      ['errors', errors, { status: ['500-599'], service: 'pages@file', query: '/{status}.html', ...options }],
      ['addPrefix', addPrefix, { prefix: '/inner' }],
    ],
    [main],
    {
      services: {
        main: { endpoints: { a: { port: main.port } } },
        'pages@file': { endpoints: { a: { port: other.port } } },
      },
    },
  )
  await using client = await engine.connect()
  const sent = request ?? 'GET /a?b=1&c=%2F HTTP/1.1\r\nHost: a.test\r\nX-One: 1\r\nX-Two: 2\r\n\r\n'
  const { head, body } = await client.write(sent).readMessage({ bodiless: sent.startsWith('HEAD') })
  return { head, status: head.slice(9, 12), body: body.toString(), asked: other.text }
}

test('the page of the service comes with the status of the answer that it replaces', async () => {
  const { head, status: got, body, asked } = await ask({})
  assert.equal(got, '500')
  assert.equal(body, '<p>sorry')
  assert.match(head, /\r\nContent-Type: text\/html\r\nX-Page: 1/)
  assert.match(asked, /^GET \/500\.html HTTP\/1\.1\r\nHost: a\.test\r\n/)
  assert.match(asked, /\r\nX-One: 1\r\nX-Two: 2\r\n/)
  assert.match(asked, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/)
})

test('other statuses pass as they are', async () => {
  const { status: got, body, asked } = await ask({ service: status(404) })
  assert.deepEqual([got, body, asked], ['404', 'bare', ''])
})

const queries: [options: Record<string, unknown>, code: number, status: string, target: string][] = [
  [{ status: ['418'], statusRewrites: { '418': 404 } }, 418, '404', '/404.html'],
  [{ statusRewrites: { '502-504': 500 } }, 503, '500', '/500.html'],
  [{ query: '/{originalStatus}/{status}', statusRewrites: { '503': 200 } }, 503, '200', '/503/200'],
  [{ query: '/e?url={url}' }, 500, '500', '/e?url=%2Fa%3Fb%3D1%26c%3D%252F'],
  [{ query: 'plain' }, 500, '500', '/plain'],
  [{ status: ['404,410', '500-502'] }, 410, '410', '/410.html'],
]
for (const [options, code, expected, target] of queries) {
  test(`${JSON.stringify(options)}: ${code} is asked for as ${target}`, async () => {
    const outcome = await ask({ options, service: status(code) })
    assert.equal(outcome.status, expected)
    assert.equal(/^GET (\S+) /.exec(outcome.asked)?.[1], target)
  })
}

test('errorRequestHeaders: those alone are passed on', async () => {
  const { asked } = await ask({ options: { errorRequestHeaders: ['x-two'] } })
  assert.match(asked, /^GET \S+ HTTP\/1\.1\r\nHost: a\.test\r\nX-Two: 2\r\n\r\n$/)
})

test('the page of a POST is asked for by GET, without what speaks of its body', async () => {
  const request =
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nIf-None-Match: "x"\r\nRange: bytes=0-1\r\nContent-Length: 3\r\n\r\nabc'
  const { asked, body } = await ask({ request })
  assert.equal(body, '<p>sorry')
  assert.doesNotMatch(asked, /content-|if-none-match|range|abc/i)
})

test('HEAD gets the head of the page', async () => {
  const { status: got, head } = await ask({ request: 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n' })
  assert.equal(got, '500')
  assert.match(head, /X-Page: 1/)
})

test('an answer of the proxy itself is replaced, and says why it was made', async () => {
  await using pages = await RawUpstream.start(answering(ok('page')))
  await using engine = await engineThrough(
    [['errors', errors, { status: ['502'], service: 'pages@file' }]],
    [],
    {
      services: {
        main: { endpoints: { a: { port: refusingPort() } } },
        'pages@file': { endpoints: { a: { port: pages.port } } },
      },
    },
  )
  await using client = await engine.connect()
  const { head, body } = await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n').readMessage()
  assert.match(head, /^HTTP\/1\.1 502 [^]*\r\nTidegate-Why: UF/)
  assert.equal(body.toString(), 'page')
})

test('when there is no page to be had, the answer is what it was', async () => {
  const { status: got, body } = await ask({
    pages: (peer) => peer.reset(),
    options: { statusRewrites: { '500': 503 } },
  })
  assert.deepEqual([got, body], ['503', 'bare'])
})

test('a client that goes away while the page is awaited ends that request, too', async () => {
  await using main = await RawUpstream.start(status(500))
  await using pages = await RawUpstream.start(async (peer) => void (await peer.readMessage()))
  await using engine = await engineThrough(
    [['errors', errors, { status: ['500'], service: 'pages@file' }]],
    [main],
    {
      services: {
        main: { endpoints: { a: { port: main.port } } },
        'pages@file': { endpoints: { a: { port: pages.port } } },
      },
    },
  )
  const client = await engine.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('the question for the page', () => pages.text.length > 0)
  client.reset()
  await until('its end', () => pages.connections[0]!.ending !== undefined)
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ status: ['600'] }, /`status`: `600`/],
  [{ statusRewrites: { '5xx': 200 } }, /`statusRewrites`: `5xx`/],
  [{ errorRequestHeaders: ['a b'] }, /is not the name/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(errors, { service: 'a', ...options }) ?? '', complaint)
  })
}

async function fetchStatus(port: number, path: string): Promise<string> {
  await using peer = await RawPeer.open(port)
  const { head, body } = await peer
    .write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    .readMessage()
  return `${head.slice(9, 12)} ${body.toString()}`
}

test('in the whole program: the service of pages is kept for no router but this one; a missing one costs its routers alone', async () => {
  await using origin = await startOrigin()
  await using page = await RawUpstream.start(answering(ok('page')))
  const services = {
    app: { loadBalancer: { servers: [{ url: origin.url }] } },
    pages: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${page.port}` }] } },
  }
  const router = (path: string, middleware: string): object => ({
    rule: `PathPrefix(\`${path}\`)`,
    service: 'app',
    middlewares: [middleware],
  })
  const http = {
    routers: { good: router('/good', 'good'), bad: router('/bad', 'bad') },
    services,
    middlewares: {
      good: { errors: { status: ['500'], service: 'pages', query: '/{status}' } },
      bad: { errors: { status: ['500'], service: 'pagse' } },
    },
  }
  await using routes = await ServedRoutes.start(http, ['--workers=1'])
  assert.equal(await fetchStatus(routes.port, '/good?status=500'), '500 page')
  assert.match(await fetchStatus(routes.port, '/bad?status=500'), /^404 /)
  assert.match(
    routes.tidegate.output,
    /middleware bad@file needs the service `pagse@file`, which is unknown or left out/,
  )
  const { pages: _, ...without } = services
  await routes.write({ ...http, services: without })
  await until('the problem', () => routes.tidegate.output.includes('needs the service `pages@file`'))
  assert.match(await fetchStatus(routes.port, '/good'), /^200 /)
})
