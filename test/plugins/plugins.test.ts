import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { engineBefore } from '../support/engine.ts'
import { startOrigin } from '../support/origins.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { ServedRoutes } from '../support/served-routes.ts'
import { until } from '../support/until.ts'

const SAMPLES = new URL('samples/', import.meta.url).pathname

interface Served extends AsyncDisposable {
  readonly port: number
  readonly output: string
}

/** Each middleware on a path of its own name, `none` besides. */
async function served(
  plugins: Readonly<Record<string, string>>,
  middlewares: Readonly<Record<string, object>>,
  workers = 1,
): Promise<Served> {
  const origin = await startOrigin()
  const routers = Object.fromEntries(
    [...Object.keys(middlewares), 'none'].map((name) => [
      name,
      {
        rule: `Host(\`${name}\`)`,
        service: 'app',
        ...(name === 'none' ? {} : { middlewares: [name] }),
      },
    ]),
  )
  const services = { app: { loadBalancer: { servers: [{ url: origin.url }] } } }
  const flags = Object.entries(plugins).map(
    ([name, file]) => `--plugins.${name}.path=${resolve(SAMPLES, file)}`,
  )
  const routes = await ServedRoutes.start({ routers, services, middlewares }, [
    `--workers=${workers}`,
    ...flags,
  ])
  return {
    port: routes.port,
    get output() {
      return routes.tidegate.output
    },
    async [Symbol.asyncDispose]() {
      await routes[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

async function ask(
  port: number,
  host: string,
  path = '/',
): Promise<{ head: string; status: string; body: string }> {
  await using peer = await RawPeer.open(port)
  const { head, body } = await peer
    .write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    .readMessage()
  const why = /tidegate-why: (..)/i.exec(head)?.[1] ?? ''
  return { head, status: head.slice(9, 12) + why, body: body.toString() }
}

test('a plug-in in TypeScript: all phases, options and defaults, by `plugin` and by its own name', async () => {
  await using routes = await served(
    { stamp: 'stamp.ts' },
    {
      a: { plugin: { stamp: { stamp: 'A', refuse: ['/no'] } } },
      b: { stamp: {} },
      chained: { chain: { middlewares: ['a', 'b'] } },
    },
  )
  const a = await ask(routes.port, 'a')
  assert.equal(a.status, '200')
  assert.match(a.head, /\r\nX-Around: A\r\nX-Response: A\r\n/)
  const refused = await ask(routes.port, 'a', '/no')
  assert.equal(refused.status, '403FB')
  assert.match((await ask(routes.port, 'b')).head, /\r\nX-Response: seen\r\n/)
  assert.match((await ask(routes.port, 'chained')).head, /X-Around: seen[^]*X-Around: A/)
})

test('what cannot be used is listed and costs its routers alone', async () => {
  // No file of the repository: nothing that reads sources could read it.
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidegate-plugins-'))
  const syntax = join(folder.path, 'syntax.js')
  await writeFile(syntax, "export default { summary: 'x',\n")
  await using routes = await served(
    {
      stamp: 'stamp.ts',
      missing: 'missing.js',
      syntax,
      throwing: 'throwing.js',
      incomplete: 'incomplete.js',
    },
    {
      missing: { plugin: { missing: {} } },
      syntax: { plugin: { syntax: {} } },
      throwing: { throwing: {} },
      incomplete: { plugin: { incomplete: {} } },
      wrong: { plugin: { stamp: { refuse: { a: 1 } } } },
      empty: { plugin: { stamp: { stamp: '' } } },
      unknown: { plugin: { stmap: {} } },
      several: { plugin: { stamp: {}, other: {} } },
      good: { plugin: { stamp: {} } },
    },
  )
  for (const host of ['missing', 'syntax', 'throwing', 'incomplete', 'wrong', 'empty', 'unknown', 'several'])
    assert.equal((await ask(routes.port, host)).status, '404NR', host)
  for (const host of ['good', 'none']) assert.equal((await ask(routes.port, host)).status, '200', host)
  for (const line of [
    /missing\.js: plugin missing: the plugin `missing` cannot be loaded: [^"]*Cannot find/,
    /syntax\.js:2: plugin syntax: the plugin `syntax` cannot be loaded: SyntaxError: Unexpected end of input/,
    /the plugin `throwing` cannot be loaded: at load/,
    /the plugin `incomplete` cannot be loaded: its `create` is no function/,
    /middleware missing@file: the plugin `missing` cannot be used: /,
    /`refuse` expected a list|`refuse`[^"]*expected a list/,
    /`plugin\.stamp`: `stamp` is empty/,
    /unknown plugin `stmap`; did you mean `stamp`\?/,
    /`plugin` must hold the name of one plugin/,
  ])
    assert.match(routes.output, line)
})

test('whatever a plug-in throws costs its request a 500, and says so; nobody else, and no worker', async () => {
  await using routes = await served(
    { faulty: 'faulty.js' },
    { bad: { plugin: { faulty: {} } }, create: { plugin: { faulty: { create: true } } } },
  )
  // On a connection of its own all the time: the worker that dies would take it along.
  await using witness = await RawPeer.open(routes.port)
  const failing: [path: string, event: RegExp][] = [
    ['/throw', /the plugin `faulty` failed: thrown/],
    ['/reject', /failed: rejected/],
    ['/nonsense', /failed: what it gives is no `Response`/],
    ['/status', /failed: 99 is no status/],
    ['/split', /failed: the value of the header field X-A/],
    ['/narrowed', /failed: the value of the header field X-A/],
    ['/timer', /failed: Cannot read properties of null/],
    ['/before', /failed: before/],
    ['/behind', /failed: behind/],
    ['/response', /failed: in response/],
    ['/late', /failed: late/],
  ]
  for (const [path, event] of failing) {
    assert.equal((await ask(routes.port, 'bad', path)).status, '500IE', path)
    await until(`the event of ${path}`, () => event.test(routes.output))
    const { head } = await witness.write('GET / HTTP/1.1\r\nHost: none\r\n\r\n').readMessage()
    assert.match(head, /^HTTP\/1\.1 200 /)
  }
  assert.equal((await ask(routes.port, 'bad', '/stray')).status, '200')
  await until('the event', () => /plugin faulty: [^"]*failed: strayed/.test(routes.output))
  assert.equal((await ask(routes.port, 'create')).status, '500IE')
  assert.match(routes.output, /middleware create@file: [^"]*the plugin `faulty` failed: no/)
  const { head } = await witness.write('GET / HTTP/1.1\r\nHost: none\r\n\r\n').readMessage()
  assert.match(head, /^HTTP\/1\.1 200 /)
  assert.doesNotMatch(routes.output, /died/)
})

test('what plug-ins throw is counted', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], {
    plugins: [{ name: 'faulty', path: join(SAMPLES, 'faulty.js') }],
    routers: { all: { middlewares: ['bad'] } },
    middlewares: { bad: { type: 'plugin.faulty', options: {} } },
  })
  await using client = await engine.connect()
  for (const path of ['/throw', '/reject', '/fine', '/response'])
    await client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).readMessage()
  const { failures, why } = engine.stats
  assert.deepEqual([failures, why['IE']], [3, 3])
  assert.equal(engine.inFlight, 0, 'an answer that nobody gets is let go')
})

test('a plug-in that blocks its worker is named while it does', async () => {
  await using routes = await served(
    { stamp: 'stamp.ts', faulty: 'faulty.js' },
    { bad: { plugin: { faulty: {} } } },
  )
  await using peer = await RawPeer.open(routes.port)
  peer.write('GET /block HTTP/1.1\r\nHost: bad\r\n\r\n')
  await until('the event', () =>
    /worker 0: it has not answered for 1\.\d s: the plugin `faulty` holds it/.test(routes.output),
  )
  assert.match((await peer.readMessage()).head, /^HTTP\/1\.1 200 /)
  await until('the end of it', () => /worker 0: it answers again, after 2\.\d s/.test(routes.output))
})
