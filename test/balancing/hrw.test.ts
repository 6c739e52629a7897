import assert from 'node:assert/strict'
import { test } from 'node:test'
import hrw from '../../src/balancing/strategies/hrw.ts'
import { Request } from '../../src/proxy/request.ts'
import { seededRandom, simulatedEndpoint } from './simulated-pool.ts'
import type { SimulatedEndpoint } from './simulated-pool.ts'

function from(clientAddress: string): Request {
  return Object.assign(new Request(), { clientAddress })
}

/** The definition word by word, with integers of any size. */
function fnv64a(text: string): bigint {
  let hash = 14_695_981_039_346_656_037n
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 1_099_511_628_211n) & (2n ** 64n - 1n)
  return hash
}

function bestByDefinition(pool: readonly SimulatedEndpoint[], client: string): string {
  const score = ({ hashName, weight }: SimulatedEndpoint): number =>
    weight / -Math.log(Number(fnv64a(client + hashName)) / 2 ** 64)
  return pool.toSorted((a, b) => score(b) - score(a))[0]!.key
}

function clients(count: number): string[] {
  const random = seededRandom(3)
  const byte = (): number => Math.floor(random() * 256)
  const v6 = (): string => `2001:db8::${byte().toString(16)}:${byte().toString(16)}`
  return Array.from({ length: count }, (_, i) =>
    i % 5 === 0 ? v6() : `${byte()}.${byte()}.${byte()}.${byte()}`,
  )
}

test('hrw: FNV-1a as published', () => {
  assert.equal(fnv64a(''), 0xcbf29ce484222325n)
  assert.equal(fnv64a('a'), 0xaf63dc4c8601ec8cn)
  assert.equal(fnv64a('foobar'), 0x85944171f73967e8n)
})

test('hrw: the scores are Traefik’s, so that clients keep their endpoints when one proxy replaces the other', () => {
  const strategy = hrw.create(Math.random)
  const pool = ['10.0.0.1:80', '10.0.0.2:8080', '10.1.255.3:31999', '[fd00::7]:80'].map((key, i) => ({
    ...simulatedEndpoint(key, [1, 1, 5, 0.5][i]),
    hashName: `http://${key}`,
  }))
  for (const client of clients(5_000))
    assert.equal(strategy.pick(pool, from(client)).key, bestByDefinition(pool, client), client)
})

test('hrw: a client stays, whatever the order of the endpoints', () => {
  const strategy = hrw.create(Math.random)
  const pool = ['a', 'b', 'c', 'd'].map((key) => simulatedEndpoint(key))
  for (const client of clients(200)) {
    const first = strategy.pick(pool, from(client))
    assert.equal(strategy.pick(pool.toReversed(), from(client)), first)
  }
})

test('hrw: only clients of an endpoint that goes move, and only to a newcomer do others', () => {
  const strategy = hrw.create(Math.random)
  const pool = ['a', 'b', 'c', 'd'].map((key) => simulatedEndpoint(key))
  const [first, ...rest] = pool
  const newcomer = simulatedEndpoint('e')
  for (const client of clients(1_000)) {
    const before = strategy.pick(pool, from(client))
    const without = strategy.pick(rest, from(client))
    if (before !== first) assert.equal(without, before)
    const after = strategy.pick([newcomer, ...pool], from(client))
    if (after !== newcomer) assert.equal(after, before)
  }
})
