import assert from 'node:assert/strict'
import { Agent, get } from 'node:http'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ETCD_PASSWORD, startEtcd } from '../peers/etcd.ts'
import type { Etcd } from '../peers/etcd.ts'
import { Ledger } from '../support/ledger.ts'
import { startLoad } from '../support/load.ts'
import { Tally } from '../support/load-tally.ts'
import { startOrigin } from '../support/origins.ts'
import type { Origin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

const GATEWAYS = 3
/** Requests a second, over all gateways. */
const RATE = scaled(500, 150)
const CHANGES = scaled(200, 18)
const INSTANCES = 4
const HOST = 'shop.test'
/** Milliseconds within which all gateways have to show a change; on a machine that runs other tests, longer. */
const EQUAL_WITHIN = scaled(500, 2_000)
/** What a deploy tool waits between taking an instance out of discovery and telling it to stop. */
const DEREGISTRATION_DELAY = 100

type Order = 'out of etcd first' | 'stopped first'

test(`${GATEWAYS} gateways on one etcd, ${CHANGES} changes under load: nothing is lost, all are equal within ${EQUAL_WITHIN} ms`, async (t) => {
  const { tally, delays } = await changesUnderLoad('out of etcd first')
  const sorted = delays.toSorted((a, b) => a - b)
  const [median, slowest] = [sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!]
  const seen = `all ${GATEWAYS} equal after ${median.toFixed(0)} ms (median), ${slowest.toFixed(0)} ms at most`
  enter(t, `${GATEWAYS} gateways on one etcd, ${CHANGES} changes`, tally, seen)
  assert.equal(tally.failed, 0, String(tally))
  assert.equal(delays.length, CHANGES)
  assert.ok(slowest < EQUAL_WITHIN, `${slowest} ms`)
})

test('contrast: instances stop before etcd knows, without retries', async (t) => {
  const { tally } = await changesUnderLoad('stopped first')
  enter(t, 'contrast: instances stop before etcd knows, without retries', tally)
  assert.ok(tally.failed > 0, String(tally))
})

interface Report {
  readonly tally: Tally
  /** Milliseconds from a change to the moment when all gateways showed it. */
  readonly delays: readonly number[]
}

async function changesUnderLoad(order: Order): Promise<Report> {
  await using etcd = await startEtcd({ auth: true })
  await using fleet = await Fleet.start(etcd, order)
  const flags = [
    `--providers.etcd.endpoints=${etcd.endpoints[0]}`,
    '--providers.etcd.username=root',
    `--providers.etcd.password=${ETCD_PASSWORD}`,
  ]
  await using gateways = new AsyncDisposableStack()
  const tally = new Tally()
  const [ports, loads] = [[] as number[], [] as ReturnType<typeof startLoad>[]]
  for (let i = 0; i < GATEWAYS; i++) ports.push(gateways.use(await startTidegate({ flags })).port)
  for (const [i, port] of ports.entries()) {
    const own = { port, prefix: `g${i}-`, rate: RATE / GATEWAYS, hosts: [HOST] }
    loads.push(gateways.use(startLoad({ ...own, onOutcome: (outcome) => tally.record(outcome) })))
  }
  await fleet.allServed()
  const delays: number[] = []
  for (let i = 1; i <= CHANGES; i++) delays.push(await fleet.change(i, ports))
  await Promise.all(loads.map((load) => load.stop()))
  return { tally, delays }
}

const HTTP = 'traefik/http'
const BALANCER = `${HTTP}/services/shop/loadBalancer`

/** One service whose instances, weights and routers are changed in etcd, each change one transaction. */
class Fleet implements AsyncDisposable {
  readonly #ledger = new Ledger()
  readonly #etcd: Etcd
  readonly #order: Order
  readonly #agent = new Agent({ keepAlive: true })
  readonly #instances: Origin[] = []
  readonly #all: Origin[] = []

  private constructor(etcd: Etcd, order: Order) {
    this.#etcd = etcd
    this.#order = order
  }

  static async start(etcd: Etcd, order: Order): Promise<Fleet> {
    const fleet = new Fleet(etcd, order)
    for (let slot = 0; slot < INSTANCES; slot++) fleet.#instances.push(await fleet.#born())
    await etcd.putAll([
      [`${HTTP}/routers/shop/rule`, `Host(\`${HOST}\`)`],
      [`${HTTP}/routers/shop/middlewares/0`, 'version'],
      [`${HTTP}/routers/shop/service`, 'shop'],
      ...fleet.#instances.map(({ url }, slot) => [`${BALANCER}/servers/${slot}/url`, url] as const),
      ...(order === 'stopped first' ? [[`${BALANCER}/retry/attempts`, '0'] as const] : []),
      version(0),
    ])
    return fleet
  }

  /** Waits until every instance has answered. */
  async allServed(): Promise<void> {
    await until('all instances to be served', () => this.#instances.every(({ answered }) => answered > 0))
  }

  /** Makes one change, and gives the milliseconds until all gateways show it. */
  async change(count: number, ports: readonly number[]): Promise<number> {
    if (count % 3 === 0) return await this.#replace(count, ports)
    if (count % 3 === 1)
      return await this.#put(count, ports, [
        [`${HTTP}/routers/other-${count}/rule`, `Host(\`${count}.test\`)`],
      ])
    const slot = count % INSTANCES
    return await this.#put(count, ports, [[`${BALANCER}/servers/${slot}/weight`, String(1 + (count % 5))]])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    for (const origin of this.#all) await origin[Symbol.asyncDispose]()
  }

  async #replace(count: number, ports: readonly number[]): Promise<number> {
    const slot = (count / 3) % INSTANCES
    const [old, successor] = [this.#instances[slot]!, await this.#born()]
    this.#instances[slot] = successor
    const pair = [`${BALANCER}/servers/${slot}/url`, successor.url] as const
    const stopped = this.#order === 'stopped first' ? old.stop() : undefined
    if (stopped) await sleep(DEREGISTRATION_DELAY)
    const delay = await this.#put(count, ports, [pair])
    if (!stopped) await sleep(DEREGISTRATION_DELAY)
    await (stopped ?? old.stop())
    return delay
  }

  async #put(
    count: number,
    ports: readonly number[],
    pairs: readonly (readonly [string, string])[],
  ): Promise<number> {
    await this.#etcd.putAll([...pairs, version(count)])
    const put = performance.now()
    const shown = ports.map((port) =>
      until(`change ${count}`, async () => (await this.#versionAt(port)) === String(count)),
    )
    await Promise.all(shown)
    return performance.now() - put
  }

  /** The number of the last change that the gateway knows. */
  async #versionAt(port: number): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const asked = get({ port, host: '127.0.0.1', agent: this.#agent, headers: { host: HOST } }, (answer) => {
      answer.resume()
      resolve(answer.headers['version'] as string | undefined)
    })
    asked.on('error', () => resolve(undefined))
    return await promise
  }

  async #born(): Promise<Origin> {
    const name = `shop-${this.#all.length + 1}`
    const origin = await startOrigin({ name, ledger: this.#ledger })
    this.#all.push(origin)
    return origin
  }
}

function version(count: number): readonly [string, string] {
  return [`${HTTP}/middlewares/version/headers/customResponseHeaders/Version`, String(count)]
}
