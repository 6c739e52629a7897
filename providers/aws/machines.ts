import type { Instance as Ec2Instance } from '@aws-sdk/client-ec2'
import type { ClientSettings } from './access.ts'
import { inBatches } from './batches.ts'
import type { Caller } from './caller.ts'
import { AwsService } from './service.ts'

/** A machine of EC2, as far as discovery goes. */
export interface Machine {
  readonly id: string
  readonly state: string
  readonly privateAddress: string | undefined
  readonly publicAddress: string | undefined
  readonly ipv6Address: string | undefined
  readonly zone: string | undefined
  readonly image: string | undefined
  readonly vpc: string | undefined
  readonly subnet: string | undefined
  /** Milliseconds since the epoch. */
  readonly launched: number | undefined
  readonly tags: ReadonlyMap<string, string>
}

/** Which machines are meant: those that have one of the values. Names are those of `DescribeInstances`. */
export interface MachineFilter {
  readonly name: string
  readonly values: readonly string[]
}

/** Values that one filter may have. */
const MOST_VALUES = 100
const PAGE = 1_000
/** Far more than any region has; what pages without end is none of EC2's. */
const MOST_PAGES = 200

/** Reads machines of one region. */
export class Machines implements Disposable {
  readonly #ec2

  constructor(settings: ClientSettings, caller: Caller) {
    this.#ec2 = new AwsService({
      name: 'ec2',
      load: () => import('@aws-sdk/client-ec2'),
      open: (sdk, given) => new sdk.EC2Client(given),
      settings,
      caller,
    })
  }

  /**
   * All machines that meet the filters, page by page.
   * @throws CallError
   */
  async select(filters: readonly MachineFilter[], what: string): Promise<Machine[]> {
    const found: Machine[] = []
    let token: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const Filters = filters.map(({ name, values }) => ({ Name: name, Values: [...values] }))
      const input = { Filters, MaxResults: PAGE, ...(token ? { NextToken: token } : {}) }
      const answer = await this.#ec2.call('DescribeInstances', what, ({ sdk, client }, options) =>
        client.send(new sdk.DescribeInstancesCommand(input), options),
      )
      for (const { Instances = [] } of answer.Reservations ?? []) found.push(...Instances.flatMap(machineOf))
      token = answer.NextToken
      if (!token) return found
    }
    throw new Error(`ec2:DescribeInstances has more than ${MOST_PAGES} pages`)
  }

  /**
   * Machines by their ids. By a filter: asked for by name, one id that is gone would fail them all.
   * @throws CallError
   */
  async byId(ids: readonly string[]): Promise<Machine[]> {
    const batches = inBatches(ids, MOST_VALUES)
    const what = `${ids.length === 1 ? 'machine' : `${ids.length} machines, among them`} ${ids[0]}`
    const found = await Promise.all(
      batches.map((batch) => this.select([{ name: 'instance-id', values: batch }], what)),
    )
    return found.flat()
  }

  [Symbol.dispose](): void {
    this.#ec2[Symbol.dispose]()
  }
}

/** The region that the SDK finds in variables and shared files. @throws Error when there is none */
export async function chainRegion(): Promise<string> {
  const { EC2Client } = await import('@aws-sdk/client-ec2')
  return await new EC2Client({}).config.region()
}

function machineOf(instance: Ec2Instance): Machine[] {
  const { InstanceId: id, State, Placement, Tags = [], LaunchTime } = instance
  if (!id) return []
  const ipv6 = instance.Ipv6Address ?? instance.NetworkInterfaces?.[0]?.Ipv6Addresses?.[0]?.Ipv6Address
  return [
    {
      id,
      state: State?.Name ?? 'unknown',
      privateAddress: instance.PrivateIpAddress || undefined,
      publicAddress: instance.PublicIpAddress || undefined,
      ipv6Address: ipv6 || undefined,
      zone: Placement?.AvailabilityZone,
      image: instance.ImageId,
      vpc: instance.VpcId,
      subnet: instance.SubnetId,
      launched: LaunchTime?.getTime(),
      tags: new Map(
        Tags.flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? ''] as const])),
      ),
    },
  ]
}
