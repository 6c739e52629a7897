import { setTimeout as sleep } from 'node:timers/promises'
import { startConsul } from '../peers/consul.ts'
import type { Ledger } from '../support/ledger.ts'
import { startLoad } from '../support/load.ts'
import type { Load } from '../support/load.ts'
import { Tally } from '../support/load-tally.ts'
import type { Origin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { startTunnelLoad } from '../support/tunnel-load.ts'
import { until } from '../support/until.ts'
import { discoveryFlags, hostOf, startFleet } from './fleet.ts'
import type { Fleet, Registry } from './fleet.ts'
import { scaled } from './scale.ts'

const SERVICES = ['cart', 'mail', 'pay', 'shop', 'user', 'book', 'chat', 'feed', 'poll', 'wiki'].slice(
  0,
  scaled(10, 4),
)
const INSTANCES = scaled(5, 2)
const RATE = scaled(1_000, 120)
/** What a deploy tool waits between taking an instance out of discovery and telling it to stop. */
const DEREGISTRATION_DELAY = 500
/** Milliseconds that slow requests take, and that tunnels live. */
const SLOW = scaled(5_000, 2_000)
/** Tunnels that are begun in a second; each lives as long as a slow request. */
const TUNNELS = scaled(40, 8)
/** Services that are deployed at the same time. */
const AT_ONCE = 4
/** Milliseconds by which the end of a connection is seen. */
const SEEN_BY = 2_000

/** Where instances are registered, and how Tidegate is told of it. */
export interface Discovery extends AsyncDisposable {
  readonly registry: Registry
  readonly flags: readonly string[]
}

export interface RollingDeploy {
  /** Default: a real Consul. */
  readonly discovery?: () => Promise<Discovery>
  readonly order: 'deregister first' | 'stop first'
  /** Further flags of Tidegate. */
  readonly flags?: readonly string[]
}

export interface DeployReport {
  /** The steady load. */
  readonly tally: Tally
  /** Slow requests, of which some were on their way to each instance when it was replaced. */
  readonly slow: Tally
  /** Upgraded connections with messages that come and go. */
  readonly tunnels: Tally
  /** Sockets that were still open to instances that had stopped. */
  readonly leftOpen: number
  readonly ledger: Ledger
  /** Requests in flight to each instance when its replacement began. */
  readonly inFlight: readonly number[]
  /** Idle connections that Tidegate held to instances that stopped, which is where a request can be lost. */
  readonly closedIdle: number
}

/** Services in a catalog; each of their instances is replaced, while requests and tunnels keep coming. */
export async function runRollingDeploy({
  order,
  flags = [],
  discovery: start = inConsul,
}: RollingDeploy): Promise<DeployReport> {
  await using discovery = await start()
  await using fleet = await startFleet(discovery.registry, SERVICES, INSTANCES)
  await using tidegate = await startTidegate({ flags: [...discovery.flags, ...flags] })
  const { port } = tidegate
  await using load = startLoad({ port, hosts: fleet.hosts, rate: RATE })
  await using tunnels = startTunnelLoad({ port, hosts: fleet.hosts, rate: TUNNELS, lasts: SLOW })
  await fleet.served(load)
  const deploy = new Deploy(fleet, load, order)
  const waiting = [...SERVICES]
  const deployNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await deploy.replaceAll(next)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, deployNext))
  const tally = await load.stop()
  const { findings } = deploy
  return {
    tally,
    tunnels: await tunnels.stop(),
    leftOpen: await deploy.leftOpen(),
    ledger: fleet.ledger,
    ...findings,
  }
}

async function inConsul(): Promise<Discovery> {
  const consul = await startConsul()
  return {
    registry: consul,
    flags: discoveryFlags(consul.address),
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  }
}

class Deploy {
  readonly findings = { slow: new Tally(), inFlight: [] as number[], closedIdle: 0 }
  readonly #replaced: Origin[] = []
  readonly #fleet: Fleet
  readonly #load: Load
  readonly #order: RollingDeploy['order']

  constructor(fleet: Fleet, load: Load, order: RollingDeploy['order']) {
    this.#fleet = fleet
    this.#load = load
    this.#order = order
  }

  /** Sockets that are still open to instances that have left, and had time to see the end of what came last. */
  async leftOpen(): Promise<number> {
    const count = (): number => this.#replaced.reduce((sum, { connections }) => sum + connections, 0)
    for (const deadline = performance.now() + SEEN_BY; count() > 0 && performance.now() < deadline;)
      await sleep(20)
    return count()
  }

  async replaceAll(service: string): Promise<void> {
    const olds = this.#fleet.instances.get(service)?.slice() ?? []
    for (const old of olds) await this.#replace(service, old)
  }

  async #replace(service: string, old: Origin): Promise<void> {
    const successor = await this.#fleet.add(service)
    await until(`${successor.name} to be served`, () => successor.answered > 0)
    await this.#occupy(service, old)
    this.findings.inFlight.push(old.inFlight)
    if (this.#order === 'deregister first') await this.#deregisterThenStop(service, old)
    else await this.#stopThenDeregister(service, old)
    this.findings.closedIdle += old.closedIdle
    this.#replaced.push(old)
  }

  async #deregisterThenStop(service: string, old: Origin): Promise<void> {
    await this.#fleet.deregister(service, old)
    await sleep(DEREGISTRATION_DELAY)
    await old.stop()
  }

  async #stopThenDeregister(service: string, old: Origin): Promise<void> {
    const stopped = old.stop()
    await sleep(DEREGISTRATION_DELAY)
    await this.#fleet.deregister(service, old)
    await stopped
  }

  /** Sends slow requests until one of each method is on its way to the instance. */
  async #occupy(service: string, origin: Origin): Promise<void> {
    const host = hostOf(service)
    await until(`a slow request to be in flight to ${origin.name}`, () => {
      if (origin.waiting >= 2) return true
      const path = `/?wait=${SLOW}`
      this.#load.send({ method: 'GET', host, path, fresh: false }, this.findings.slow)
      this.#load.send({ method: 'POST', host, path, fresh: true }, this.findings.slow)
      return sleep(10, false)
    })
  }
}
