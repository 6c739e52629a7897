import assert from 'node:assert/strict'
import { test } from 'node:test'
import consul from '../../providers/consul.ts'
import { toPlain } from '../../src/config/source-tree.ts'
import { startConsul } from '../peers/consul.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { startFaultProxy } from '../peers/fault-proxy.ts'
import { WatchedProvider } from './watched-provider.ts'
import type { PartView } from './watched-provider.ts'

const RULE = 'traefik/http/routers/web/rule'

function watched(agent: ConsulAgent, more: object = {}): WatchedProvider {
  return new WatchedProvider(consul, { endpoints: [agent.address], ...more })
}

/** The rule of the router `web`, as it was told last. */
function rule({ snapshot }: PartView): unknown {
  const plain = snapshot?.routing && (toPlain(snapshot.routing) as { http?: Record<string, never> })
  return (plain?.http?.['routers'] as { web?: { rule?: unknown } } | undefined)?.web?.rule
}

const shows = (wanted: string) => (view: PartView) => view.failure === undefined && rule(view) === wanted
const fails = (code: string, words: RegExp) => (view: PartView) =>
  view.failure?.code === code && words.test(view.failure.message)

test('keys are read and followed', async () => {
  await using agent = await startConsul()
  await agent.putKeys([[RULE, 'a']])
  await using provider = watched(agent)
  await provider.until('the first picture', shows('a'))
  await agent.putKeys([[RULE, 'b']])
  const took = await provider.until('the change', shows('b'))
  assert.ok(took < 1_000)
  await agent.deleteKeys('traefik/')
  await provider.until('nothing', (view) => view.snapshot?.routing === undefined)
  assert.equal(provider.view().snapshot?.missing, undefined)
  await agent.putKeys([['tidegate/http/routers/web/rule', 'c']])
  await provider.until('the other root', shows('c'))
})

test('a transaction of many keys is told as one', async () => {
  await using agent = await startConsul()
  await using provider = watched(agent)
  await provider.until('the empty picture', ({ snapshot }) => snapshot !== undefined)
  await agent.putKeys(Array.from({ length: 60 }, (_, i) => [`${RULE}/${i}`, 'x'] as const))
  await provider.until('the keys', (view) => rule(view) !== undefined)
  assert.equal(Object.keys(rule(provider.view()) as object).length, 60)
  const pictures = provider.updates.filter((update) => 'routing' in update && update.routing)
  assert.equal(pictures.length, 1)
})

test('an agent that is down, hangs or starts again empty: named, and healed within 5 s', async (t) => {
  await using agent = await startConsul()
  await agent.putKeys([[RULE, 'a']])
  await using provider = watched(agent)
  await provider.until('the first picture', shows('a'))
  await t.test('hung', async () => {
    agent.suspend()
    await provider.until('hung', fails('E401', /did not answer in time/), { within: 15_000 })
    agent.resume()
    await provider.until('healed', shows('a'))
  })
  await t.test('down, and then empty', async () => {
    await agent.kill()
    await provider.until('down', fails('E401', /^Consul at 127.0.0.1:\d+ cannot be reached/))
    await agent.start()
    const unproven = (view: PartView): boolean =>
      view.failure === undefined && view.snapshot?.missing === 'unproven'
    await provider.until('unproven', unproven)
    await agent.putKeys([[RULE, 'b']])
    await provider.until('filled again', shows('b'))
    assert.equal(provider.view().snapshot?.missing, undefined)
  })
})

test('a token is sent; one that may not read is told, and keys that it saw before are not gone', async () => {
  await using agent = await startConsul({ acl: true })
  await agent.putKeys([[RULE, 'a']])
  await using denied = watched(agent)
  await denied.until('denied', fails('E402', /denied access/))
  assert.match(denied.view().failure?.remedy ?? '', /^give token a token .*key_prefix "tidegate\/"/)
  const reader = await agent.createToken('reader', 'key_prefix "traefik/" { policy = "read" }')
  await using provider = watched(agent, { token: reader })
  await provider.until('the first picture', shows('a'))
  await agent.setPolicy('reader', 'key_prefix "other/" { policy = "read" }')
  await provider.until('denied', fails('E402', /denied access/))
  assert.equal(rule(provider.view()), 'a')
  await agent.setPolicy('reader', 'key_prefix "traefik/" { policy = "read" }')
  await provider.until('let in again', shows('a'), { within: 10_000 })
  assert.ok(!JSON.stringify(provider.updates).includes(reader))
})

const LEADERLESS = [
  { status: 500, headers: { 'content-type': 'text/plain' }, body: 'No cluster leader' },
  { headers: { 'x-consul-index': '9', 'x-consul-knownleader': 'false' }, body: '[]' },
]
test('a leader that is lost: named, and healed within 5 s', async () => {
  await using agent = await startConsul()
  await agent.putKeys([[RULE, 'a']])
  await using proxy = await startFaultProxy(agent.address)
  await using provider = watched(agent, { endpoints: [proxy.address] })
  await provider.until('the first picture', shows('a'))
  for (const fault of LEADERLESS) {
    proxy.breakWith('/v1/kv', fault)
    await provider.until('no leader', fails('E403', /no (?:cluster leader|leader is known)/))
    assert.equal(rule(provider.view()), 'a')
    proxy.heal()
    await provider.until('healed', shows('a'))
  }
})

test('the next agent is tried when one fails', async () => {
  await using gone = await startConsul()
  await gone.kill()
  await using agent = await startConsul()
  await agent.putKeys([[RULE, 'a']])
  await using provider = watched(agent, { endpoints: [gone.address, agent.address] })
  await provider.until('the other agent', shows('a'))
  assert.equal(provider.updates.length, 2)
})

test('an address that is none is told', async () => {
  await using provider = new WatchedProvider(consul, { endpoints: ['http://user:hunter2@consul'] })
  await provider.until('the failure', fails('E102', /is not the address of a Consul agent/))
  assert.ok(!JSON.stringify(provider.updates).includes('hunter2'))
})
