import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { StrategyDefinition } from '../../src/balancing/strategy.ts'
import { discover } from '../../src/discover.ts'
import { endpointsOf, seededRandom, simulatedEndpoint, Traffic } from '../balancing/simulated-pool.ts'
import type { SimulatedEndpoint } from '../balancing/simulated-pool.ts'

const FOLDER = new URL('../../src/balancing/strategies/', import.meta.url)
const definitions = await discover<StrategyDefinition>(FOLDER)
const reference = readFileSync(new URL('../../docs/reference/routing.md', import.meta.url), 'utf8')

/** How far shares may be off, where it is more than a tenth: FNV-1a of texts that are nearly the same is uneven, and Traefik's. */
const TOLERANCES: Readonly<Record<string, number>> = { hrw: 0.3 }

test('strategies: there are those that configurations name', () => {
  for (const name of ['hrw', 'leastconn', 'leasttime', 'p2c', 'random', 'wrr'])
    assert.ok(definitions.has(name), name)
})

for (const [name, definition] of definitions) {
  const tolerance = TOLERANCES[name] ?? 0.1
  const trafficOf = (concurrency: number, seed = 1): Traffic =>
    new Traffic(definition.create(seededRandom(seed)), concurrency)

  test(`${name}: has a summary of one sentence`, () => {
    assert.match(definition.summary, /^[A-Z][^\n]+\.$/)
  })

  test(`${name}: is in the reference`, () => {
    assert.ok(reference.includes(`\`${name}\``), 'run npm run docs')
  })

  test(`${name}: takes the only one there is`, () => {
    const [only] = endpointsOf({ a: 3 })
    const traffic = trafficOf(2)
    for (let i = 0; i < 10; i++) assert.equal(traffic.send([only!]), only)
  })

  test(`${name}: never takes one that is not among the candidates`, () => {
    const random = seededRandom(2)
    const all = Array.from({ length: 40 }, (_, i) => simulatedEndpoint(`e${i}`, [1, 1, 0.1, 7][i % 4]))
    const traffic = trafficOf(100)
    for (let round = 0; round < 400; round++) {
      const some = all.filter(() => random() < 0.4)
      if (round % 3 === 0) for (const one of all) one.weight = 1 + Math.floor(random() * 3)
      if (some.length === 0) continue
      const picks = Array.from({ length: 5 }, () => traffic.send(some))
      for (const picked of picks) assert.ok(some.includes(picked), `${picked.key} in round ${round}`)
    }
  })

  test(`${name}: spreads evenly over equals`, () => {
    const pool = Array.from({ length: 10 }, (_, i) => simulatedEndpoint(`e${i}`))
    assertShares(trafficOf(50).run(pool, 20_000), pool, tolerance)
  })

  test(`${name}: spreads by weight`, () => {
    const pool = endpointsOf({ a: 1, b: 2, c: 3, d: 0.5 })
    assertShares(trafficOf(130).run(pool, 20_000), pool, tolerance)
  })

  test(`${name}: reaches each of hundreds`, () => {
    const pool = Array.from({ length: 500 }, (_, i) => simulatedEndpoint(`e${i}`))
    const counts = Object.values(trafficOf(1_000).run(pool, 15_000))
    assert.ok(Math.min(...counts) > 0)
    assert.ok(Math.max(...counts) < 90, `three times its share: ${Math.max(...counts)}`)
  })

  test(`${name}: another list of the same endpoints changes nothing`, () => {
    const kept = endpointsOf({ a: 1, b: 2, c: 3 })
    const renewed = endpointsOf({ a: 1, b: 2, c: 3 })
    const one = trafficOf(20)
    const other = trafficOf(20)
    for (let i = 0; i < 2_000; i++)
      assert.equal(other.send([...renewed]).key, one.send(kept).key, `pick ${i}`)
  })

  test(`${name}: those that stay keep their shares while others come and go`, () => {
    const staying = endpointsOf({ a: 1, b: 2 })
    const traffic = trafficOf(60)
    const counts: Record<string, number> = { a: 0, b: 0 }
    for (let round = 0; round < 1_000; round++) {
      const pool = round % 2 === 0 ? staying : [simulatedEndpoint(`guest${round}`), ...staying]
      for (let i = 0; i < 10; i++) {
        const { key } = traffic.send(pool)
        if (key in counts) counts[key]!++
      }
    }
    assertShares(counts, staying, tolerance)
  })

  test(`${name}: a newcomer is not flooded, and gets its part`, () => {
    const pool = Array.from({ length: 5 }, (_, i) => simulatedEndpoint(`e${i}`))
    const traffic = trafficOf(1_000)
    traffic.run(pool, 5_000)
    const newcomer = simulatedEndpoint('new')
    const counts = traffic.run([...pool, newcomer], 600)
    // A sixth is 100, twice that is 200.
    assert.ok(counts['new']! <= 250, `${counts['new']} of 600`)
    assert.ok(counts['new']! >= 50, `${counts['new']} of 600`)
    const later = traffic.run([...pool, newcomer], 12_000)
    assert.ok(Math.abs(later['new']! - 2_000) < 400, `${later['new']} of 12,000`)
  })

  test(`${name}: one that was away for long is not flooded either`, () => {
    const pool = Array.from({ length: 5 }, (_, i) => simulatedEndpoint(`e${i}`))
    const traffic = trafficOf(1_000)
    traffic.run(pool, 3_000)
    traffic.run(pool.slice(1), 3_000)
    const counts = traffic.run(pool, 500)
    assert.ok(counts['e0']! <= 250, `${counts['e0']} of 500`)
  })
}

/** Each has got its part of what they got together, give or take this share of it. */
function assertShares(
  counts: Readonly<Record<string, number>>,
  pool: readonly SimulatedEndpoint[],
  tolerance: number,
): void {
  const requests = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const weights = pool.reduce((sum, { weight }) => sum + weight, 0)
  for (const { key, weight } of pool) {
    const expected = (requests * weight) / weights
    assert.ok(
      Math.abs(counts[key]! - expected) <= expected * tolerance,
      `${key}: ${counts[key]} of ${requests}, expected ${expected}`,
    )
  }
}
