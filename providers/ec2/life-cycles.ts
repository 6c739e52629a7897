import type { ClientSettings } from '../aws/access.ts'
import { eachBatch } from '../aws/batches.ts'
import type { Caller } from '../aws/caller.ts'
import { AwsService } from '../aws/service.ts'
import type { LifeCycle } from './machine-instance.ts'

/** As many machines one call may name. */
const BATCH = 50

/** What Auto Scaling says of machines; what could not be read is as it was. */
export class LifeCycles implements Disposable {
  readonly #autoscaling
  readonly #known = new Map<string, LifeCycle>()

  constructor(settings: ClientSettings, caller: Caller) {
    this.#autoscaling = new AwsService({
      name: 'autoscaling',
      load: () => import('@aws-sdk/client-auto-scaling'),
      open: (sdk, given) => new sdk.AutoScalingClient(given),
      settings,
      caller,
    })
  }

  /** Undefined while it has not been read. */
  get(id: string): LifeCycle | undefined {
    return this.#known.get(id)
  }

  /**
   * Reads those of these machines, and forgets all others.
   * @throws CallError when some could not be read
   */
  async look(ids: readonly string[]): Promise<void> {
    const wanted = new Set(ids)
    for (const id of this.#known.keys()) if (!wanted.has(id)) this.#known.delete(id)
    await eachBatch(ids, BATCH, (batch) => this.#read(batch))
  }

  [Symbol.dispose](): void {
    this.#autoscaling[Symbol.dispose]()
  }

  async #read(ids: readonly string[]): Promise<void> {
    const input = { InstanceIds: [...ids], MaxRecords: BATCH }
    const what = `${ids.length} machines, among them ${ids[0]}`
    const answer = await this.#autoscaling.call(
      'DescribeAutoScalingInstances',
      what,
      ({ sdk, client }, options) => client.send(new sdk.DescribeAutoScalingInstancesCommand(input), options),
    )
    for (const {
      InstanceId: id,
      LifecycleState: state,
      HealthStatus: health,
    } of answer.AutoScalingInstances ?? [])
      if (id && state) this.#known.set(id, { state, healthy: health?.toUpperCase() !== 'UNHEALTHY' })
  }
}
