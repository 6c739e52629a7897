import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import provider from '../../../providers/zoo-keeper.ts'
import { toPlain } from '../../../src/config/source-tree.ts'
import { startZooKeeper } from '../../peers/zookeeper.ts'
import { ZooKeeperWriter } from '../../peers/zookeeper-writer.ts'
import { freePorts } from '../../peers/free-ports.ts'
import type { PartView } from '../watched-provider.ts'
import { WatchedProvider } from '../watched-provider.ts'
import { HostileServer } from './hostile-server.ts'

const server = await startZooKeeper()
after(() => server[Symbol.asyncDispose]())

test('routing is served, and follows changes as a whole', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await writer.putAll({ '/one/http/routers/a/rule': 'Host(`a`)', '/one/http/routers/a/service': 's' })
  const watched = watch(t, { rootKey: 'one' })
  await watched.until('the router', rule('a', 'Host(`a`)'))
  await writer.multi([
    ['set', '/one/http/routers/a/rule', 'Host(`b`)'],
    ['create', '/one/http/routers/a/priority', '7'],
  ])
  const took = await watched.until('the change', rule('a', 'Host(`b`)'))
  t.diagnostic(`${Math.round(took)} ms`)
  assert.equal(routers(watched.view())?.['a']?.['priority'], '7')
  for (const update of watched.updates) {
    const router = 'routing' in update && update.routing ? routersOf(update.routing)['a'] : undefined
    if (router?.['rule'] === 'Host(`b`)') assert.equal(router['priority'], '7', 'no half of the change')
  }
})

test('roots: ours, and that of Traefik when only it is there', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await writer.put('/traefik/http/routers/t/rule', 'Host(`t`)')
  const watched = watch(t, {})
  await watched.until("Traefik's", rule('t', 'Host(`t`)'))
  await writer.put('/tidegate/http/routers/o/rule', 'Host(`o`)')
  await watched.until('ours', rule('o', 'Host(`o`)'))
  await writer.deleteTree('/tidegate')
  await writer.deleteTree('/traefik')
})

test('a tree of 5 MiB beside 5,000 nodes of others', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await Promise.all([
    ...Array.from({ length: 5_000 }, (_, i) => writer.put(`/others/${i}`, 'x')),
    ...Array.from({ length: 100 }, (_, i) => writer.put(`/big/http/routers/r${i}/rule`, `Host(\`r${i}\`)`)),
    ...Array.from({ length: 10 }, (_, i) =>
      writer.put(`/big/http/middlewares/m${i}/headers/customRequestHeaders/X`, 'x'.repeat(512 * 1024)),
    ),
  ])
  const watched = watch(t, { rootKey: 'big' })
  const took = await watched.until('all', (view) => Object.keys(routers(view) ?? {}).length === 100)
  t.diagnostic(`first ${Math.round(took)} ms`)
  await writer.put('/big/http/routers/r7/rule', 'Host(`seven`)')
  t.diagnostic(`change ${Math.round(await watched.until('a change', rule('r7', 'Host(`seven`)')))} ms`)
})

test('nodes of one user', async (t) => {
  using owner = await ZooKeeperWriter.open(server.port)
  await owner.logIn('gate', 'way')
  await owner.put('/guarded/http/routers/a/rule', 'Host(`a`)')
  await owner.protect('/guarded')
  const stranger = watch(t, { rootKey: 'guarded', username: 'gate', password: 'wrong-one' })
  await stranger.until('denied', ({ failure }) => failure?.code === 'E402')
  assert.match(stranger.view().failure!.message, /denied access to \/guarded as gate/)
  assert.match(stranger.view().failure!.remedy!, /password/)
  assert.doesNotMatch(JSON.stringify(stranger.view().failure), /wrong-one/)
  const known = watch(t, { rootKey: 'guarded', username: 'gate', password: 'way' })
  await known.until('the router', rule('a', 'Host(`a`)'))
})

test('the next server is tried when one fails', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await writer.put('/next/http/routers/a/rule', 'Host(`a`)')
  const [closed] = await freePorts(1)
  const watched = watch(t, { rootKey: 'next', endpoints: [`127.0.0.1:${closed}`, server.address] })
  await watched.until('the router', rule('a', 'Host(`a`)'))
  await watched.until('no failure', ({ failure }) => !failure)
})

test('what is no ZooKeeper is named', async (t) => {
  await using http = await HostileServer.start((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const watched = watch(t, { endpoints: [`127.0.0.1:${http.port}`] })
  await watched.until('the failure', ({ failure }) => failure?.code === 'E404')
  assert.match(watched.view().failure!.message, /^ZooKeeper at 127\.0\.0\.1:\d+ gave an answer that is none/)
})

test('emptied: told as gone, with a second reading when that is asked for', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await writer.put('/emptied/http/routers/a/rule', 'Host(`a`)')
  const watched = watch(t, { rootKey: 'emptied' })
  await watched.until('the router', rule('a', 'Host(`a`)'))
  await writer.deleteTree('/emptied')
  await watched.until('nothing', ({ snapshot }) => snapshot?.routing === undefined)
  const { reading = 0, missing } = watched.view().snapshot!
  assert.equal(missing, undefined)
  watched.refresh()
  await watched.until('a second reading', ({ snapshot }) => (snapshot?.reading ?? 0) > reading)
  assert.equal(watched.view().snapshot?.routing, undefined)
})

test('killed and started again with its data: routes stay, and are followed again', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await writer.put('/killed/http/routers/a/rule', 'Host(`a`)')
  const watched = watch(t, { rootKey: 'killed' })
  await watched.until('the router', rule('a', 'Host(`a`)'))
  await server.kill()
  await watched.until('down', ({ failure }) => failure?.code === 'E401')
  assert.equal(routers(watched.view())?.['a']?.['rule'], 'Host(`a`)', 'it stays')
  await server.start()
  await watched.until('healed', ({ failure }) => !failure)
  using again = await ZooKeeperWriter.open(server.port)
  await again.put('/killed/http/routers/a/rule', 'Host(`b`)')
  await watched.until('it is followed again', rule('a', 'Host(`b`)'))
})

test('hung: named, and healed', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await writer.put('/hung/http/routers/a/rule', 'Host(`a`)')
  const watched = watch(t, { rootKey: 'hung' })
  await watched.until('the router', rule('a', 'Host(`a`)'))
  server.suspend()
  try {
    const took = await watched.until('named', ({ failure }) => failure?.code === 'E401')
    t.diagnostic(`named after ${Math.round(took)} ms`)
    assert.match(watched.view().failure!.message, /did not answer in time/)
  } finally {
    server.resume()
  }
  t.diagnostic(`healed after ${Math.round(await watched.until('healed', ({ failure }) => !failure))} ms`)
})

test('started again empty, its session unknown: what is missing is not proved to be gone, and new routing is served', async (t) => {
  using writer = await ZooKeeperWriter.open(server.port)
  await writer.put('/lost/http/routers/a/rule', 'Host(`a`)')
  await writer.put('/lost/http/routers/b/rule', 'Host(`b`)')
  const watched = watch(t, { rootKey: 'lost' })
  await watched.until('the router', rule('a', 'Host(`a`)'))
  await server.restartEmpty()
  await watched.until('doubt', ({ snapshot, failure }) => !failure && snapshot?.missing === 'unproven')
  using again = await ZooKeeperWriter.open(server.port)
  await again.put('/lost/http/routers/a/rule', 'Host(`c`)')
  await watched.until('the new one', rule('a', 'Host(`c`)'))
})

function watch(t: TestContext, options: object): WatchedProvider {
  const watched = new WatchedProvider(provider, { endpoints: [server.address], ...options })
  t.after(() => watched[Symbol.asyncDispose]())
  return watched
}

type Routers = Readonly<Record<string, Readonly<Record<string, unknown>>>>

function routers({ snapshot }: PartView): Routers | undefined {
  return snapshot?.routing && routersOf(snapshot.routing)
}

function routersOf(routing: Parameters<typeof toPlain>[0]): Routers {
  const { http } = toPlain(routing) as { http?: { routers?: Routers } }
  return http?.routers ?? {}
}

function rule(name: string, wanted: string): (view: PartView) => boolean {
  return (view) => routers(view)?.[name]?.['rule'] === wanted
}
