import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { selfSigned } from '../../../src/server/certificates/self-signed.ts'
import { freePorts } from '../../peers/free-ports.ts'
import { startRedis } from '../../peers/redis.ts'
import { routersOf, rule, RULE_A, TELLING, watch, writerTo } from './watch-redis.ts'

for (const [how, settings, options] of [
  ['where changes are told', TELLING, {}],
  ['where changes are polled', {}, { pollInterval: '150ms' }],
] as const) {
  test(`${how}, they are served as a whole`, async (t) => {
    await using server = await startRedis({ settings })
    const writer = await writerTo(t, server)
    const priority = 'traefik/http/routers/a/priority'
    await writer.ask('MSET', RULE_A, 'Host(`0`)', priority, '1', 'traefik-not/http/x', '1', 'traefi', '1')
    const watched = watch(t, { endpoints: [server.address], ...options })
    await watched.until('the router', rule('a', 'Host(`0`)'))
    for (let i = 1; i <= 5; i++) {
      await writer.ask('MSET', RULE_A, `Host(\`${i}\`)`, priority, String(i + 1))
      const took = await watched.until('the change', rule('a', `Host(\`${i}\`)`))
      t.diagnostic(`${Math.round(took)} ms`)
    }
    await writer.ask('DEL', priority)
    await watched.until('one key less', ({ snapshot }) => !('priority' in routersOf(snapshot!)['a']!))
    for (const update of watched.updates) {
      const router = 'routing' in update ? routersOf(update)['a'] : undefined
      if (router?.['priority'] === undefined) continue
      const told = `Host(\`${Number(router['priority']) - 1}\`)`
      assert.equal(router['rule'], told, 'no half of a change')
    }
  })
}

test('a root with characters that mean something in patterns', async (t) => {
  await using server = await startRedis({ settings: TELLING })
  const writer = await writerTo(t, server)
  await writer.ask('MSET', 'a*[b]?/http/routers/a/rule', 'Host(`1`)', 'aXb?/http/routers/other/rule', 'x')
  const watched = watch(t, { endpoints: [server.address], rootKey: 'a*[b]?' })
  await watched.until('the router', rule('a', 'Host(`1`)'))
  assert.deepEqual(Object.keys(routersOf(watched.view().snapshot!)), ['a'])
  await writer.ask('SET', 'a*[b]?/http/routers/a/rule', 'Host(`2`)')
  await watched.until('the change', rule('a', 'Host(`2`)'))
})

test('another database, and values that are no text', async (t) => {
  await using server = await startRedis({ settings: TELLING })
  const writer = await writerTo(t, server)
  await writer.ask('SELECT', '3')
  await writer.ask('SET', RULE_A, 'Host(`1`)')
  await writer.ask('RPUSH', 'traefik/http/routers/a/priority', 'x')
  const watched = watch(t, { endpoints: [server.address], db: 3 })
  await watched.until('the router', rule('a', 'Host(`1`)'))
  assert.equal(routersOf(watched.view().snapshot!)['a']!['priority'], '\u{fffd}')
  await writer.ask('DEL', RULE_A)
  await watched.until('the end of it', ({ snapshot }) => !('rule' in routersOf(snapshot!)['a']!))
})

test('passwords and access lists', async (t) => {
  await using server = await startRedis({
    settings: {
      ...TELLING,
      requirepass: 'geheim',
      user: 'reader on >lesen ~traefik/* ~tidegate/* &* -@all +scan +strlen +mget +psubscribe +hello +client',
    },
  })
  const writer = await writerTo(t, server, 'geheim')
  await writer.ask('SET', RULE_A, 'Host(`1`)')
  const endpoints = [server.address]
  for (const options of [{}, { password: 'falsch' }, { username: 'nobody', password: 'falsch' }]) {
    const refused = watch(t, { endpoints, ...options })
    await refused.until('denied', ({ failure }) => failure?.code === 'E402')
    assert.doesNotMatch(JSON.stringify(refused.view().failure), /falsch/)
    assert.match(refused.view().failure!.remedy!, /password/)
  }
  const watched = watch(t, { endpoints, password: 'geheim' })
  await watched.until('the router', rule('a', 'Host(`1`)'))
  // One that may ask for nothing but keys is polled.
  const reader = watch(t, { endpoints, username: 'reader', password: 'lesen', pollInterval: '200ms' })
  await reader.until('the router', rule('a', 'Host(`1`)'))
  await writer.ask('SET', RULE_A, 'Host(`2`)')
  await reader.until('the change', rule('a', 'Host(`2`)'))
})

test('TLS', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-redis-tls-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const { chain, key } = selfSigned('localhost', ['localhost'], Date.now())
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), ca: join(folder, 'cert.pem') }
  await writeFile(files.cert, chain)
  await writeFile(files.key, key)
  const settings = { ...TELLING, 'tls-auth-clients': 'no' }
  await using server = await startRedis({ tls: files, settings })
  const endpoints = [`localhost:${server.port}`]
  const watched = watch(t, { endpoints, tls: { ca: files.ca } })
  await watched.until('an answer', ({ snapshot }) => snapshot !== undefined)
  const wary = watch(t, { endpoints, tls: {} })
  await wary.until('no trust', ({ failure }) => failure?.code === 'E401')
  assert.match(wary.view().failure!.remedy!, /`tls` trusts its certificate/)
  const plain = watch(t, { endpoints })
  await plain.until('no answer', ({ failure }) => failure !== undefined)
  assert.match(plain.view().failure!.remedy!, /tls/)
})

test('a tree of 5 MiB beside a million keys of others', async (t) => {
  await using server = await startRedis({ settings: TELLING })
  const writer = await writerTo(t, server)
  await writer.ask('DEBUG', 'POPULATE', '1000000', 'session')
  const big = 'x'.repeat(5 * 1024)
  for (let i = 0; i < 1_000; i++) {
    const middleware = `traefik/http/middlewares/m${i}/headers/customRequestHeaders/X`
    await writer.ask('MSET', `traefik/http/routers/r${i}/rule`, `Host(\`r${i}\`)`, middleware, big)
  }
  const watched = watch(t, { endpoints: [server.address], rootKey: 'traefik' })
  const all = await watched.until('all', ({ snapshot }) => snapshot !== undefined, { within: 20_000 })
  assert.equal(Object.keys(routersOf(watched.view().snapshot!)).length, 1_000)
  await writer.ask('SET', 'traefik/http/routers/r7/rule', 'Host(`seven`)')
  const change = await watched.until('a change', rule('r7', 'Host(`seven`)'))
  t.diagnostic(`all after ${Math.round(all)} ms, a change after ${Math.round(change)} ms`)
})

test('the next server is tried when one fails', async (t) => {
  await using server = await startRedis({ settings: TELLING })
  const writer = await writerTo(t, server)
  await writer.ask('SET', RULE_A, 'Host(`1`)')
  const [closed] = await freePorts(1)
  const watched = watch(t, { endpoints: [`127.0.0.1:${closed}`, server.address] })
  await watched.until('the router', rule('a', 'Host(`1`)'))
})

test('down and started again: routes stay, the fault is named, and what is new is served', async (t) => {
  await using server = await startRedis({ settings: TELLING })
  await (
    await writerTo(t, server)
  ).ask('MSET', RULE_A, 'Host(`1`)', 'traefik/http/routers/b/rule', 'Host(`b`)')
  const watched = watch(t, { endpoints: [server.address] })
  await watched.until('the router', rule('a', 'Host(`1`)'))
  await server.kill()
  await watched.until('named', ({ failure }) => failure?.code === 'E401')
  assert.match(watched.view().failure!.message, /^Redis at 127\.0\.0\.1:\d+ cannot be reached: /)
  await server.start()
  await watched.until('doubt', ({ snapshot, failure }) => !failure && snapshot?.missing === 'unproven')
  await (await writerTo(t, server)).ask('SET', RULE_A, 'Host(`2`)')
  await watched.until('the new one', rule('a', 'Host(`2`)'))
})

test('hung: named, and healed', async (t) => {
  await using server = await startRedis({ settings: TELLING })
  await (await writerTo(t, server)).ask('SET', RULE_A, 'Host(`1`)')
  const watched = watch(t, { endpoints: [server.address] })
  await watched.until('the router', rule('a', 'Host(`1`)'))
  server.suspend()
  const named = await watched.until('named', ({ failure }) => failure?.code === 'E401')
  assert.match(watched.view().failure!.message, /did not answer in time/)
  server.resume()
  const healed = await watched.until('healed', ({ failure }) => !failure)
  t.diagnostic(`named after ${Math.round(named)} ms, healed after ${Math.round(healed)} ms`)
})

test('emptied by FLUSHALL, of which nobody is told: seen by the next reading, and by the second', async (t) => {
  await using server = await startRedis()
  const writer = await writerTo(t, server)
  await writer.ask('SET', RULE_A, 'Host(`1`)')
  const watched = watch(t, { endpoints: [server.address], pollInterval: '200ms' })
  await watched.until('the router', rule('a', 'Host(`1`)'))
  await writer.ask('FLUSHALL')
  await watched.until('nothing', ({ snapshot }) => snapshot?.routing === undefined)
  const { reading = 0, missing } = watched.view().snapshot!
  assert.equal(missing, undefined, 'the same history: it is gone')
  watched.refresh()
  await watched.until('a second reading', ({ snapshot }) => (snapshot?.reading ?? 0) > reading)
})
