import assert from 'node:assert/strict'
import { request } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FileApp, routesTo } from '../support/file-app.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const TOKEN = 'a-token-for-tests'

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string
  readonly body?: unknown
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Record<string, unknown> & { error: string; remedy: string }
}

/** `fetch` sets the Host header itself. */
function ask(it: FileApp, { method = 'GET', path = '/api/endpoints', headers, token, body }: Asked = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const asking = request({
      host: '127.0.0.1',
      port: it.app.adminPort,
      method,
      path,
      agent: false,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    })
    asking.on('error', reject).on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
        }),
      )
    })
    asking.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body))
  })
}

function drain(
  it: FileApp,
  endpoint: string,
  more: Partial<Asked> & { reason?: string } = {},
): Promise<Answer> {
  const { reason, ...rest } = more
  const body = { service: 'all', endpoint, ...(reason === undefined ? {} : { reason }) }
  return ask(it, { method: 'POST', path: '/api/endpoints/drain', token: TOKEN, body, ...rest })
}

function start(ports: readonly number[], ...flags: readonly string[]): Promise<FileApp> {
  const address = flags.some((flag) => flag.startsWith('--api.address')) ? [] : ['--api.address=127.0.0.1:0']
  return FileApp.start({ routes: routesTo(ports), flags: [...address, `--api.token=${TOKEN}`, ...flags] })
}

test('the admin API is off unless it is configured', async () => {
  await using it = await FileApp.start({ routes: routesTo([1]) })
  assert.equal(it.app.adminPort, undefined)
})

test('the list of endpoints: JSON that nobody stores or shows as a page', async () => {
  await using it = await start([1, 2])
  const { status, headers, body } = await ask(it)
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'")
  const [first] = body as unknown as Record<string, unknown>[]
  assert.match(String(first!['since']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(
    { ...first, since: '' },
    {
      service: 'all@file',
      key: 'http://127.0.0.1:1',
      url: 'http://127.0.0.1:1',
      state: 'ready',
      reason: 'discovered',
      since: '',
      weight: 1,
      ejections: 0,
    },
  )
  assert.deepEqual((await ask(it, { method: 'HEAD' })).status, 200)
})

test('drain and undrain: traffic moves, the reason is shown, and changes of configuration do not end it', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  await using it = await start([one.port, two.port])
  const drained = await drain(it, `127.0.0.1:${one.port}`, { reason: 'new disk' })
  assert.equal(drained.status, 200)
  assert.equal(drained.body['reason'], 'drained by an operator: new disk')
  await until('traffic to move', async () => (await it.get(4)).every((answer) => answer === '200 two'))
  await it.write(routesTo([one.port, two.port], { passHostHeader: false }))
  await until('the end of the drain', () => it.states()[one.port]?.startsWith('gone'))
  assert.deepEqual(new Set(await it.get(6)), new Set(['200 two']))
  const undrained = await drain(it, `127.0.0.1:${one.port}`, { path: '/api/endpoints/undrain' })
  assert.deepEqual([undrained.status, undrained.body['state']], [200, 'ready'])
  await until('traffic to come back', async () => (await it.get(2)).includes('200 one'))
  const again = await drain(it, `127.0.0.1:${one.port}`, { path: '/api/endpoints/undrain' })
  assert.equal(again.status, 409)
  assert.match(again.body.error, /was not drained by an operator$/)
})

function weigh(it: FileApp, port: number, weight: unknown): Promise<Answer> {
  return drain(it, `127.0.0.1:${port}`, {
    path: '/api/endpoints/weight',
    body: { service: 'all', endpoint: `127.0.0.1:${port}`, weight },
  })
}

test('a weight that an operator gives outlasts changes of configuration, until it is taken back', async () => {
  await using one = await RawUpstream.start(answering(ok('one')))
  await using two = await RawUpstream.start(answering(ok('two')))
  await using it = await start([one.port, two.port])
  const weighed = await weigh(it, one.port, 0)
  assert.deepEqual([weighed.status, weighed.body['weight'], weighed.body['foundWeight']], [200, 0, 1])
  await until('traffic to move', async () => (await it.get(4)).every((answer) => answer === '200 two'))
  await it.write(routesTo([one.port, two.port], { passHostHeader: false }))
  await until('the change to be served', () =>
    [...it.app.routing.services.values()].some(
      (service) => service.kind === 'loadBalancer' && !service.config.passHostHeader,
    ),
  )
  assert.deepEqual(new Set(await it.get(4)), new Set(['200 two']))
  assert.equal((await weigh(it, one.port, null)).body['weight'], 1)
  await until('traffic to come back', async () => (await it.get(2)).includes('200 one'))
  assert.equal((await weigh(it, one.port, null)).status, 409)
})

for (const weight of [-1, 1.5, 1_000_001, '5', undefined]) {
  test(`no weight: ${JSON.stringify(weight)}`, async () => {
    await using it = await start([1])
    const { status, body } = await weigh(it, 1, weight)
    assert.equal(status, 400)
    assert.match(body.error, /^`weight`/)
  })
}

test('the level of the log is changed, for a while or for good', async () => {
  await using it = await start([1])
  const level = (body?: unknown, more: Partial<Asked> = {}) =>
    ask(it, {
      path: '/api/log-level',
      ...(body === undefined ? {} : { method: 'POST', token: TOKEN, body }),
      ...more,
    })
  assert.deepEqual((await level()).body, { level: 'info' })
  assert.equal((await level({ level: 'debug' }, { token: 'wrong' })).status, 401)
  const { level: now, returnsTo } = (await level({ level: 'DEBUG', for: '5m' })).body
  assert.deepEqual([now, returnsTo], ['debug', 'info'])
  assert.equal(
    (await level({ level: 'trace', for: '1s' })).body['returnsTo'],
    'info',
    'of two, the first counts',
  )
  assert.deepEqual((await level({ level: 'warn' })).body, { level: 'warn' })
  assert.equal((await level({ level: 'loud' })).status, 400)
  assert.equal((await level({ level: 'info', for: '25h' })).status, 400)
})

const REFUSED: readonly (readonly [name: string, asked: Asked, status: number, error: RegExp])[] = [
  ['without a token', { headers: { authorization: 'Basic eDp5' } }, 401, /^a token is wanted$/],
  ['with another token', { token: 'wrong' }, 401, /^the token is wrong$/],
  ['by PUT', { method: 'PUT' }, 405, /wants POST$/],
  ['elsewhere', { path: '/api/elsewhere' }, 404, /^there is no page/],
  ['under a strange name', { headers: { host: 'evil.test' } }, 421, /host name/],
  ['of an unknown service', { body: { service: 'al', endpoint: 'x' } }, 404, /^there is no service `al`$/],
  ['of an unknown endpoint', { body: { service: 'all', endpoint: 'x' } }, 404, /^there is no endpoint `x`$/],
  ['of nothing', { body: {} }, 400, /`service` is missing/],
  ['with no JSON', { body: 'service=all' }, 400, /no JSON/],
  ['with no object', { body: '7' }, 400, /no JSON object/],
  ['with a body that is too long', { body: 'x'.repeat(20_000) }, 400, /too long/],
  [
    'with a reason of two lines',
    { body: { service: 'all', endpoint: 'http://127.0.0.1:1', reason: 'a\nb' } },
    400,
    /`reason`/,
  ],
]
for (const [name, asked, status, error] of REFUSED) {
  test(`a drain ${name} is answered ${status}`, async () => {
    await using it = await start([1])
    const answer = await drain(it, 'http://127.0.0.1:1', asked)
    assert.equal(answer.status, status)
    assert.match(answer.body.error, error)
    assert.ok(answer.body.remedy !== '')
    assert.match(it.states()[1]!, /^ready/)
  })
}

test('without a token in the configuration there are no changes', async () => {
  await using it = await FileApp.start({ routes: routesTo([1]), flags: ['--api.address=127.0.0.1:0'] })
  const { status, body } = await drain(it, 'http://127.0.0.1:1', { token: '' })
  assert.equal(status, 403)
  assert.match(body.remedy, /api\.token/)
})

test('the token comes from a file, read anew each time; one that cannot be read allows nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  const file = join(folder, 'token')
  await using it = await FileApp.start({
    routes: routesTo([1]),
    flags: ['--api.address=127.0.0.1:0', `--api.tokenFile=${file}`],
  })
  assert.equal((await drain(it, 'http://127.0.0.1:1')).status, 500)
  await writeFile(file, 'other\n')
  assert.equal((await drain(it, 'http://127.0.0.1:1')).status, 401)
  await writeFile(file, `${TOKEN}\n`)
  assert.equal((await drain(it, 'http://127.0.0.1:1')).status, 200)
  await rm(folder, { recursive: true })
})

test('wrong tokens are counted: after five, not even the right one is looked at', async () => {
  await using it = await start([1])
  const statuses: number[] = []
  for (let i = 0; i < 7; i++) statuses.push((await drain(it, 'x', { token: `wrong${i}` })).status)
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429])
  assert.equal((await drain(it, 'http://127.0.0.1:1')).status, 429)
  assert.equal((await ask(it)).status, 200, 'reading wants none')
})

const HOSTS: readonly (readonly [host: string, status: number])[] = [
  ['localhost', 200],
  ['LOCALHOST:8081', 200],
  ['127.0.0.1', 200],
  ['[::1]:8081', 200],
  ['ops.example.com:8081', 200],
  ['example.com', 421],
  ['localhost.evil.test', 421],
  ['127.0.0.1.evil.test', 421],
]
for (const [host, status] of HOSTS) {
  test(`asked as ${host}: ${status}`, async () => {
    await using it = await start([1], '--api.allowedHosts=ops.example.com')
    assert.equal((await ask(it, { headers: { host } })).status, status)
  })
}

test('from elsewhere, reading wants the token, too, unless `insecure` says otherwise', async () => {
  await using closed = await start([1], '--api.address=0.0.0.0:0')
  assert.equal((await ask(closed)).status, 401)
  assert.equal((await ask(closed, { path: '/nowhere' })).status, 401)
  assert.equal((await ask(closed, { token: TOKEN })).status, 200)
  await using open = await start([1], '--api.address=0.0.0.0:0', '--api.insecure')
  assert.equal((await ask(open)).status, 200)
  assert.equal((await drain(open, 'http://127.0.0.1:1', { token: 'wrong' })).status, 401)
})

test('a client that sends its head too slowly is let go', async () => {
  await using it = await start([1])
  await using client = await RawPeer.open(it.app.adminPort!)
  client.write('GET /api/endpoints HTTP/1.1\r\n')
  assert.match((await client.readToEnd()).text, /^HTTP\/1\.1 408 /)
})
