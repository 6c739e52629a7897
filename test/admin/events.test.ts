import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventHistory } from '../../src/admin/event-history.ts'
import { FileApp, routesTo } from '../support/file-app.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { getJson } from './asking.ts'
import { SAMPLE_ROUTES } from './sample-routes.ts'

interface Event {
  readonly id: number
  readonly kind: string
  readonly message: string
}

const API = ['--api.address=127.0.0.1:0', '--api.token=a-token']

function messages(events: readonly Event[]): string[] {
  return events.map(({ kind, message }) => `${kind}: ${message}`)
}

test('what joins, changes, breaks, heals and leaves is told', async () => {
  await using it = await FileApp.start({ routes: routesTo([1]), flags: API })
  const events = async (): Promise<string[]> => messages(await getJson<Event[]>(it, '/api/events'))
  const begin = await events()
  assert.ok(begin.includes('router: router all@file was added'))
  assert.ok(begin.includes('endpoint: http://127.0.0.1:1 of all@file is ready: discovered'))
  assert.ok(begin.includes('provider: provider file is ok'))
  await it.write({ http: { routers: { all: { rule: 'Hots(`a`)', service: 'all' } } } })
  const problem = /^problem: error E202: .*routes\.json.*: unknown matcher `Hots`/
  await until('the problem', async () => (await events()).some((line) => problem.test(line)))
  await it.write(routesTo([2]))
  await until('its end', async () =>
    (await events()).some((line) => line.startsWith('problem: no longer E202')),
  )
  const after = await events()
  assert.ok(after.some((line) => line.startsWith('endpoint: http://127.0.0.1:1 of all@file is gone')))
  assert.ok(after.includes('endpoint: http://127.0.0.1:2 of all@file is ready: discovered'))
})

test('a file that is read anew: only what is another is told', async () => {
  await using it = await FileApp.start({ routes: SAMPLE_ROUTES, flags: API })
  const before = (await getJson<Event[]>(it, '/api/events')).at(-1)!.id
  const routers = { fresh: { rule: 'Host(`fresh`)', service: 'api' }, ...SAMPLE_ROUTES.http.routers }
  const old = { ...routers.old, rule: 'Host(`older.example.com`)' }
  await it.writeText(
    `\n\n${JSON.stringify({ http: { ...SAMPLE_ROUTES.http, routers: { ...routers, old } } })}`,
  )
  const found = (): Promise<Event[]> =>
    getJson<Event[]>(it, `/api/events?kind=router,service,middleware&since=${before}`)
  await until('the news', async () => (await found()).length > 0)
  assert.deepEqual(messages(await found()), [
    'router: router fresh@file was added',
    'router: router old@file was changed',
  ])
})

test('a part that cannot be read is told, and its return', async () => {
  await using it = await FileApp.start({ routes: routesTo([1]), flags: API })
  const events = async (): Promise<string[]> =>
    messages(await getJson<Event[]>(it, '/api/events?kind=provider'))
  await it.writeText('{')
  await until(
    'the failure',
    async () => (await events()).at(-1)?.startsWith('provider: provider file is stale') === true,
  )
  await it.write(routesTo([1]))
  await until('the return', async () => (await events()).at(-1) === 'provider: provider file is ok')
})

test('a stream: what was, then what comes, and after a cut what was missed', async () => {
  await using it = await FileApp.start({ routes: routesTo([1]), flags: API })
  await using first = await stream(it)
  await first.until(/data: .*router all@file was added/)
  const last = Number([...first.text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1])
  await it.write(routesTo([2]))
  await first.until(/data: .*127\.0\.0\.1:2 of all@file is ready/)
  await using second = await stream(it, `Last-Event-ID: ${last}\r\n`)
  await second.until(/data: .*127\.0\.0\.1:2 of all@file is ready/)
  assert.ok(!second.text.includes('router all@file was added'), 'only what came later')
})

test('a stop ends streams', async () => {
  const it = await FileApp.start({ routes: routesTo([1]), flags: API })
  await using open = await stream(it)
  await open.until(/data: /)
  await it[Symbol.asyncDispose]()
  await open.ended()
})

test('the history is bounded, and says when something was forgotten', () => {
  const history = new EventHistory(() => 1)
  for (let i = 0; i < 10_000; i++) history.add('router', String(i))
  const all = history.after(0)
  assert.equal(all.length, 2_000)
  assert.equal(all.at(-1)?.message, '9999')
  assert.equal(history.hasForgotten(all[0]!.id - 2), true)
  assert.equal(history.hasForgotten(all[0]!.id), false)
  assert.deepEqual(
    history.after(all.at(-2)!.id).map(({ message }) => message),
    ['9999'],
  )
})

/** A stream of events that is read on and on. */
async function stream(it: FileApp, head = '') {
  const client = await RawPeer.open(it.app.adminPort!)
  client.write(`GET /api/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${head}\r\n`)
  return {
    get text(): string {
      return client.text
    },
    until: (pattern: RegExp) => until(String(pattern), () => pattern.test(client.text)),
    ended: () => client.readToEnd(),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}
