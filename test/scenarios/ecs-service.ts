import { freePorts } from '../peers/free-ports.ts'
import type { Moto } from '../peers/moto.ts'
import { ANYBODY, MotoAccount, REGION } from '../peers/moto-account.ts'
import { Ledger } from '../support/ledger.ts'
import { startOrigin } from '../support/origins.ts'
import type { Origin } from '../support/origins.ts'

const CLUSTER = 'prod'
export const HOST = 'shop.example.com'

/** One task: what serves in it, and what ECS calls it. */
export interface RunningTask {
  readonly arn: string
  readonly origin: Origin
}

/**
 * A service of ECS in moto, whose tasks run on machines with loopback addresses: what they serve is an origin of this
 * process on their address. moto starts no tasks by itself, so that the test does what the scheduler of ECS does.
 */
export class EcsService implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly account: MotoAccount
  /** In the order in which they started. */
  tasks: RunningTask[] = []
  readonly #machines: { readonly address: string; readonly host: string }[] = []
  readonly #origins: Origin[] = []
  #definition = ''
  #port = 0
  #revision = 0

  constructor(moto: Moto) {
    this.account = new MotoAccount(moto)
  }

  /** A cluster of so many machines, with one task on each. */
  async start(size: number): Promise<void> {
    await this.account.createNetwork()
    await this.account.createCluster(CLUSTER)
    for (let index = 1; index <= size; index++) {
      const address = `127.0.2.${index}`
      const host = await this.account.joinCluster(CLUSTER, await this.account.runMachine(address))
      this.#machines.push({ address, host })
    }
    await this.registerRevision()
    for (let index = 0; index < size; index++) await this.startTask(index)
  }

  /** A new image under the same names; its port is another, since both revisions share machines for a while. */
  async registerRevision(): Promise<void> {
    const [port = 0] = await freePorts(1)
    this.#port = port
    const image = `registry.example/shop:v${++this.#revision}`
    const labels = {
      'traefik.enable': 'true',
      'traefik.http.routers.shop.rule': `Host(\`${HOST}\`)`,
      'traefik.http.services.shop.loadbalancer.server.port': String(port),
    }
    this.#definition = await this.account.define({ family: 'shop', networkMode: 'host', image, port, labels })
  }

  async startTask(machine: number): Promise<RunningTask> {
    const { address, host } = this.#machines[machine]!
    const name = `shop-${this.#revision}-${machine + 1}`
    const origin = await startOrigin({ name, ledger: this.ledger, address, port: this.#port })
    this.#origins.push(origin)
    const task = { arn: await this.account.startTask(CLUSTER, this.#definition, host), origin }
    this.tasks.push(task)
    return task
  }

  /** SIGTERM and the word of ECS come at once: whoever polls learns of it later. */
  async stopTask(task: RunningTask): Promise<void> {
    const stopped = task.origin.stop()
    await this.account.stopTask(CLUSTER, task.arn)
    await stopped
    this.tasks = this.tasks.filter((other) => other !== task)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.account[Symbol.dispose]()
    for (const origin of this.#origins) await origin[Symbol.asyncDispose]()
  }
}

/** The flags by which Tidegate finds the service. */
export function ecsFlags(url: string, refresh: string): string[] {
  const section = '--providers.ecs'
  return [
    `${section}.endpoint=${url}`,
    `${section}.region=${REGION}`,
    `${section}.accessKeyID=${ANYBODY.accessKeyId}`,
    `${section}.secretAccessKey=${ANYBODY.secretAccessKey}`,
    `${section}.clusters=${CLUSTER}`,
    `${section}.refreshSeconds=${refresh}`,
  ]
}
