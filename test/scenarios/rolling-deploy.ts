import { setTimeout as sleep } from 'node:timers/promises'
import { startConsul } from '../peers/consul.ts'
import type { Ledger } from '../support/ledger.ts'
import { startLoad } from '../support/load.ts'
import type { Load } from '../support/load.ts'
import { Tally } from '../support/load-tally.ts'
import type { Origin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { discoveryFlags, hostOf, startFleet } from './fleet.ts'
import type { Fleet } from './fleet.ts'
import { scaled } from './scale.ts'

const SERVICES = ['cart', 'mail', 'pay', 'shop']
const INSTANCES = 3
/** What a deploy tool waits between taking an instance out of discovery and telling it to stop. */
const DEREGISTRATION_DELAY = 500
const SLOW = '/?wait=2000'

export interface RollingDeploy {
  readonly order: 'deregister first' | 'stop first'
  /** Further flags of Tidegate. */
  readonly flags?: readonly string[]
}

export interface DeployReport {
  /** The steady load. */
  readonly tally: Tally
  /** Requests of two seconds, of which some were on their way to each instance when it was replaced. */
  readonly slow: Tally
  readonly ledger: Ledger
  /** Requests in flight to each instance when its replacement began. */
  readonly inFlight: readonly number[]
  /** Idle connections that Tidegate held to instances that stopped, which is where a request can be lost. */
  readonly closedIdle: number
}

/** 4 services × 3 instances on a real Consul; every instance is replaced, while requests keep coming. */
export async function runRollingDeploy({ order, flags = [] }: RollingDeploy): Promise<DeployReport> {
  await using consul = await startConsul()
  await using fleet = await startFleet(consul, SERVICES, INSTANCES)
  await using tidegate = await startTidegate({ flags: [...discoveryFlags(consul.address), ...flags] })
  await using load = startLoad({ port: tidegate.port, hosts: fleet.hosts, rate: scaled(500, 120) })
  await fleet.served(load)
  const deploy = new Deploy(fleet, load, order)
  for (let round = 0; round < scaled(2, 1); round++) {
    await Promise.all(SERVICES.map((service) => deploy.replaceAll(service)))
  }
  const tally = await load.stop()
  return { tally, ledger: fleet.ledger, ...deploy.findings }
}

class Deploy {
  readonly findings = { slow: new Tally(), inFlight: [] as number[], closedIdle: 0 }
  readonly #fleet: Fleet
  readonly #load: Load
  readonly #order: RollingDeploy['order']

  constructor(fleet: Fleet, load: Load, order: RollingDeploy['order']) {
    this.#fleet = fleet
    this.#load = load
    this.#order = order
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
      this.#load.send({ method: 'GET', host, path: SLOW, fresh: false }, this.findings.slow)
      this.#load.send({ method: 'POST', host, path: SLOW, fresh: true }, this.findings.slow)
      return sleep(10, false)
    })
  }
}
