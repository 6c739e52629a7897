import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import etcd from '../../providers/etcd.ts'
import { toPlain } from '../../src/config/source-tree.ts'
import { ETCD_PASSWORD, startEtcd } from '../peers/etcd.ts'
import type { Etcd } from '../peers/etcd.ts'
import type { FaultProxy } from '../peers/fault-proxy.ts'
import { startFaultProxy } from '../peers/fault-proxy.ts'
import { TestAuthority } from '../support/certificates.ts'
import { until } from '../support/until.ts'
import { WatchedProvider } from './watched-provider.ts'
import type { PartView } from './watched-provider.ts'

const USER = { username: 'root', password: ETCD_PASSWORD }
const RULE = 'traefik/http/routers/web/rule'

function watched(store: Etcd, more: object = {}): WatchedProvider {
  return new WatchedProvider(etcd, { endpoints: store.endpoints, ...more })
}

/** The rule of the router `web`, as it was told last. */
function rule({ snapshot }: PartView): unknown {
  const plain = snapshot?.routing && (toPlain(snapshot.routing) as { http?: Record<string, never> })
  return (plain?.http?.['routers'] as { web?: { rule?: unknown } } | undefined)?.web?.rule
}

const shows = (wanted: string) => (view: PartView) => view.failure === undefined && rule(view) === wanted
const fails = (code: string, words: RegExp) => (view: PartView) =>
  view.failure?.code === code && words.test(view.failure.message)

test('keys are read and followed with authentication on', async () => {
  await using store = await startEtcd({ auth: true })
  await store.putAll([[RULE, 'a']])
  await using provider = watched(store, USER)
  await provider.until('the first picture', shows('a'))
  await store.putAll([[RULE, 'b']])
  const took = await provider.until('the change', shows('b'))
  assert.ok(took < 1_000)
  await store.deleteAll('traefik/')
  await provider.until('nothing', (view) => view.snapshot?.routing === undefined)
  assert.equal(provider.view().snapshot?.missing, undefined)
})

test('a transaction of many keys is told as one', async () => {
  await using store = await startEtcd()
  await using provider = watched(store)
  await provider.until('the empty picture', ({ snapshot }) => snapshot !== undefined)
  await store.putAll(Array.from({ length: 120 }, (_, i) => [`${RULE}/${i}`, 'x'] as const))
  await provider.until('the keys', (view) => rule(view) !== undefined)
  assert.equal(provider.updates.length, 2)
  assert.equal(Object.keys(rule(provider.view()) as object).length, 120)
})

const wrong: [name: string, given: object, words: RegExp, remedy: RegExp][] = [
  [
    'a wrong password',
    { ...USER, password: 'x' },
    /denied access to the user root: .*invalid user ID or password/,
    /set `username` and `password`/,
  ],
  ['no user', {}, /denied access: user name is empty/, /this etcd wants a user/],
  [
    'a user who may read nothing',
    { username: 'guest', password: 'guest' },
    /denied access to the user guest: permission denied/,
    /grant-permission/,
  ],
]
test('who is not let in is told so, and let in without a restart', async (t) => {
  await using store = await startEtcd({ auth: true })
  await store.putAll([[RULE, 'a']])
  await store.etcdctl('etcdctl user add guest:guest')
  for (const [name, given, words, remedy] of wrong) {
    await t.test(name, async () => {
      await using provider = watched(store, given)
      await provider.until('denied', fails('E402', words))
      assert.match(provider.view().failure?.remedy ?? '', remedy)
      assert.ok(!JSON.stringify(provider.updates).includes(ETCD_PASSWORD))
    })
  }
  await t.test('a user who may read one of the roots', async () => {
    await store.etcdctl('etcdctl role add reader && etcdctl user grant-role guest reader')
    await using provider = watched(store, { username: 'guest', password: 'guest' })
    await provider.until('denied', fails('E402', /permission denied/))
    await store.etcdctl('etcdctl role grant-permission reader read --prefix=true traefik/')
    await provider.until('let in', shows('a'))
  })
  await t.test('a password that becomes the right one', async () => {
    await using provider = watched(store, { ...USER, password: 'new' })
    await provider.until('denied', fails('E402', /invalid user ID or password/))
    await store.etcdctl('echo new | etcdctl user passwd root --interactive=false')
    await provider.until('let in', shows('a'))
  })
})

test('a token that etcd takes no longer is renewed', async () => {
  await using store = await startEtcd({ auth: true, flags: ['--auth-token-ttl', '1'] })
  await store.putAll([[RULE, 'a']])
  await using proxy = await startFaultProxy(store.endpoints[0]!)
  await using provider = watched(store, { ...USER, endpoints: [proxy.address] })
  await provider.until('the first picture', shows('a'))
  // Its time is over before the next beat.
  await until('a third token', () => countOf(proxy, '/v3/auth/authenticate') >= 3, 10_000)
  await store.etcdctl(`etcdctl put ${RULE} b`)
  await provider.until('the change', shows('b'))
  assert.deepEqual(failuresOf(provider), [])
})

test('a user where there is no authentication is no fault', async () => {
  await using store = await startEtcd()
  await store.putAll([[RULE, 'a']])
  await using provider = watched(store, USER)
  await provider.until('the first picture', shows('a'))
})

test('etcd that is down, hangs or starts again: named, and healed within 5 s', async (t) => {
  await using store = await startEtcd()
  const [member] = store.members
  assert.ok(member)
  await store.putAll([[RULE, 'a']])
  await using provider = watched(store)
  await provider.until('the first picture', shows('a'))
  await t.test('down', async () => {
    await member.kill()
    await provider.until('down', fails('E401', /^etcd at 127.0.0.1:\d+ cannot be reached/))
    member.launch()
    await store.settled()
    await provider.until('healed', shows('a'))
  })
  await t.test('hung', async () => {
    member.suspend()
    await provider.until('hung', fails('E401', /did not answer in time/), { within: 10_000 })
    member.resume()
    await provider.until('healed', shows('a'))
  })
  await t.test('started again empty', async () => {
    await member.kill()
    await member.forget()
    member.launch()
    await store.settled()
    const unproven = (view: PartView): boolean =>
      view.failure === undefined && view.snapshot?.missing === 'unproven'
    await provider.until('unproven', unproven)
    await store.putAll([[RULE, 'b']])
    await provider.until('filled again', shows('b'))
    assert.equal(provider.view().snapshot?.missing, undefined)
  })
})

test('TLS: the authority and a client certificate are used, and what is not trusted is told', async () => {
  using authority = new TestAuthority()
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  try {
    const [server, client] = [authority.sign('IP:127.0.0.1'), authority.sign('DNS:gateway.test')]
    const files = { ca: authority.cert, cert: server.cert, key: server.key }
    const at = (name: string): string => join(folder, name)
    for (const [name, text] of Object.entries(files)) await writeFile(at(name), text)
    const tls = { ca: at('ca'), cert: at('cert'), key: at('key') }
    await using store = await startEtcd({ tls })
    await store.etcdctl(`etcdctl put ${RULE} a`)
    // A client's certificate in PEM, the authority's as a file.
    const given = { ca: at('ca'), cert: client.cert, key: client.key }
    await using provider = watched(store, { tls: given })
    await provider.until('the first picture', shows('a'))
    await store.etcdctl(`etcdctl put ${RULE} b`)
    await provider.until('the change', shows('b'))
    await using unknown = watched(store, { endpoints: [`https://${store.endpoints[0]}`] })
    await unknown.until('no trust', fails('E401', /cannot be reached: .*(?:certificate|issuer)/i))
    await using plain = watched(store)
    await plain.until('no TLS', fails('E401', /cannot be reached/))
    assert.match(plain.view().failure?.remedy ?? '', /TLS exactly when/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a leader that is lost: named, and healed within 5 s', async () => {
  await using store = await startEtcd({ members: 3 })
  await store.putAll([[RULE, 'a']])
  await using provider = watched(store, { endpoints: [store.endpoints[0]] })
  await provider.until('the first picture', shows('a'))
  const [, second, third] = store.members
  await second?.kill()
  await third?.kill()
  await provider.until('no leader', fails('E403', /has no leader/), { within: 10_000 })
  second?.launch()
  await provider.until('healed', shows('a'), { within: 10_000 })
})

test('the next endpoint is tried when one fails', async () => {
  await using store = await startEtcd({ members: 3 })
  await store.putAll([[RULE, 'a']])
  await using provider = watched(store)
  await provider.until('the first picture', shows('a'))
  await store.members[0]?.kill()
  await provider.until('a failure', fails('E401', /./))
  await provider.until('the next one', shows('a'))
  await store.etcdctl(`etcdctl put ${RULE} b`)
  await provider.until('the change', shows('b'))
})

const COMPACT = `etcdctl compaction $(etcdctl get x -w json | sed 's/.*"revision":\\([0-9]*\\).*/\\1/')`

for (const compacted of [false, true]) {
  const name = compacted ? 'everything is read anew when that is compacted' : 'nothing is read anew'
  test(`a watch that breaks is resumed at its revision; ${name}`, async () => {
    await using store = await startEtcd()
    await store.putAll([[RULE, 'a']])
    await using proxy = await startFaultProxy(store.endpoints[0]!)
    await using provider = watched(store, { endpoints: [proxy.address], rootKey: 'traefik' })
    const ranges = (): number => countOf(proxy, '/v3/kv/range')
    const watches = (): number => countOf(proxy, '/v3/watch')
    const anotherBeat = async (): Promise<void> => {
      const before = ranges()
      await until('a beat', () => ranges() > before)
    }
    await provider.until('the first picture', shows('a'))
    // A stream that breaks at once would not be resumed.
    await anotherBeat()
    proxy.breakWith('/v3/watch', (response) => void response.write('{"result":{"created":true}}\n'))
    await until('the silent watch', () => watches() === 2)
    await anotherBeat()
    await anotherBeat()
    await store.putAll([[RULE, 'b']])
    await store.putAll([[RULE, 'c']])
    if (compacted) await store.etcdctl(COMPACT)
    proxy.heal()
    await provider.until('the change', shows('c'))
    assert.deepEqual(failuresOf(provider), [])
    const last = provider.view().snapshot?.reading
    assert.equal(last, compacted ? 2 : 1)
  })
}

function countOf(proxy: FaultProxy, path: string): number {
  return proxy.passed.filter((one) => one.path === path).length
}

function failuresOf({ updates }: WatchedProvider): unknown[] {
  return updates.filter((update) => 'failure' in update)
}
