import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadBalancer } from '../../src/balancing/load-balancer.ts'
import type { Balanced } from '../../src/balancing/load-balancer.ts'
import type { StrategyDefinition } from '../../src/balancing/strategy.ts'
import { discover } from '../../src/discover.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import { Response } from '../../src/proxy/response.ts'
import { engineBefore } from '../support/engine.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { endpointOf } from './balanced-endpoint.ts'
import { seededRandom } from './simulated-pool.ts'

const REQUEST = Object.assign(new Request(), { headers: new HeaderList(), clientAddress: '10.1.2.3' })
const RESPONSE = new Response(200, new HeaderList(), null)
const MILLISECONDS: Readonly<Record<string, number>> = { a: 10, b: 20, c: 30 }

const definitions = await discover<StrategyDefinition>(
  new URL('../../src/balancing/strategies/', import.meta.url),
)

class Service {
  readonly endpoints = { a: endpointOf('a'), b: endpointOf('b', { weight: 2 }), c: endpointOf('c') }
  readonly balancer: LoadBalancer<Balanced>
  readonly #underWay: Balanced[] = []

  constructor(definition: StrategyDefinition) {
    this.balancer = new LoadBalancer<Balanced>(definition.create(seededRandom(1)))
    for (const endpoint of Object.values(this.endpoints)) this.balancer.set(endpoint)
    this.balancer.refresh()
  }

  /** One more request; six are on their way at a time. */
  pick(): string {
    const picked = this.balancer.pick(REQUEST, [])!
    Object.assign(picked, { inFlight: picked.inFlight + 1 })
    this.#underWay.push(picked)
    if (this.#underWay.length > 6) {
      const over = this.#underWay.shift()!
      Object.assign(over, { inFlight: over.inFlight - 1 })
      this.balancer.answered(REQUEST, RESPONSE, over, MILLISECONDS[over.key]!)
    }
    return picked.key
  }
}

for (const [name, definition] of definitions) {
  test(`${name}: counts on as if nothing had happened when the configuration changes at every request`, () => {
    const quiet = new Service(definition)
    const changed = new Service(definition)
    for (let i = 0; i < 500; i++) {
      for (const endpoint of Object.values(changed.endpoints)) endpoint.plan = { ...endpoint.plan }
      changed.balancer.configure(i % 2 === 0 ? { zonePreference: false } : { slowStart: 1_000 })
      changed.balancer.refresh()
      assert.equal(changed.pick(), quiet.pick(), `request ${i}`)
    }
  })
}

test('leasttime: who was slow is still known to be slow after its health has flipped', () => {
  const service = new Service(definitions.get('leasttime')!)
  for (let i = 0; i < 100; i++) service.pick()
  const { c } = service.endpoints
  c.plan = { ...c.plan, state: 'unhealthy' }
  service.balancer.refresh()
  for (let i = 0; i < 50; i++) assert.notEqual(service.pick(), 'c')
  c.plan = { ...c.plan, state: 'ready' }
  service.balancer.refresh()
  const picks = Array.from({ length: 100 }, () => service.pick())
  // By its weight it would be 25, by its speed it is fewer.
  const ofC = picks.filter((key) => key === 'c').length
  assert.ok(ofC >= 1 && ofC <= 18, `${ofC} of 100`)
})

test('wrr: weights that change take effect at once, and nobody pays for the past', () => {
  const service = new Service(definitions.get('wrr')!)
  const { a, b } = service.endpoints
  b.plan = { ...b.plan, weight: 100_000 }
  service.balancer.refresh()
  for (let i = 0; i < 1_000; i++) service.pick()
  a.plan = { ...a.plan, weight: 2 }
  b.plan = { ...b.plan, weight: 1 }
  service.balancer.refresh()
  const picks = Array.from({ length: 400 }, () => service.pick())
  const count = (key: string): number => picks.filter((picked) => picked === key).length
  for (const [key, share] of [
    ['a', 200],
    ['b', 100],
    ['c', 100],
  ] as const)
    assert.ok(Math.abs(count(key) - share) <= 5, `${key}: ${count(key)}`)
})

test('a worker: shares hold while its plan changes at every request', async () => {
  await using heavy = await RawUpstream.start(answering(ok('heavy')))
  await using light = await RawUpstream.start(answering(ok('light')))
  await using guest = await RawUpstream.start(answering(ok('guest')))
  const endpoints = { 0: { port: heavy.port, weight: 3 }, 1: { port: light.port } }
  await using engine = await engineBefore([heavy, light], { services: { main: { endpoints } } })
  await using client = await engine.connect()
  const counts: Record<string, number> = { heavy: 0, light: 0, guest: 0 }
  const changes = [
    { passHostHeader: false, endpoints },
    { endpoints: { ...endpoints, guest: { port: guest.port, state: 'unhealthy' as const } } },
    { endpoints: { guest: { port: guest.port, state: 'draining' as const } } },
    { endpoints: { guest: null } },
  ]
  for (let i = 0; i < 80; i++) {
    await engine.apply({ services: { main: changes[i % changes.length]! } })
    const { body } = await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n').readMessage()
    counts[body.toString()]!++
  }
  assert.equal(counts['guest'], 0)
  assert.ok(Math.abs(counts['heavy']! - 60) <= 1, JSON.stringify(counts))
})
