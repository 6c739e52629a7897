/** A machine of EC2 and what Auto Scaling says of it. */
export interface MachineShape {
  readonly id: string
  readonly address: string
  readonly state?: string
  readonly publicAddress?: string
  readonly zone?: string
  readonly vpc?: string
  readonly subnet?: string
  readonly tags?: Readonly<Record<string, string>>
  /** Of its group; undefined: it belongs to none. */
  readonly lifecycle?: string
}

type Input = Readonly<Record<string, unknown>>
type Answer = { status: number; code: string; message: string } | string

/** The machines of one region. */
export class Ec2Model {
  readonly machines = new Map<string, MachineShape>()
  /** Ids that answers leave out. */
  readonly untold = new Set<string>()
  pageSize = 1_000

  add(machine: MachineShape): void {
    this.machines.set(machine.id, machine)
  }

  change(id: string, more: Partial<MachineShape>): void {
    this.machines.set(id, { ...this.machines.get(id)!, ...more })
  }

  answer(operation: string, input: Input): Answer {
    if (operation === 'DescribeInstances') return this.#describeInstances(input)
    if (operation === 'DescribeAutoScalingInstances') return this.#describeScaling(input)
    return { status: 400, code: 'InvalidAction', message: operation }
  }

  #describeInstances(input: Input): string {
    const filters = filtersOf(input)
    const meant = [...this.machines.values()].filter(
      (machine) =>
        !this.untold.has(machine.id) && filters.every(([name, values]) => meets(machine, name, values)),
    )
    const start = Number(input['NextToken'] ?? 0)
    const end = start + Math.min(this.pageSize, Number(input['MaxResults'] ?? 1_000))
    const next = end < meant.length ? `<nextToken>${end}</nextToken>` : ''
    const items = meant.slice(start, end).map(instanceXml).join('')
    return `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><reservationSet>${items}</reservationSet>${next}</DescribeInstancesResponse>`
  }

  #describeScaling(input: Input): Answer {
    const ids = Object.entries(input)
      .filter(([key]) => /^InstanceIds\.member\.\d+$/.test(key))
      .map(([, value]) => String(value))
    if (ids.length > 50) return { status: 400, code: 'ValidationError', message: 'at most 50 instances' }
    const items = ids.flatMap((id) => {
      const lifecycle = this.machines.get(id)?.lifecycle
      return lifecycle
        ? `<member><InstanceId>${id}</InstanceId><AutoScalingGroupName>group</AutoScalingGroupName><LifecycleState>${lifecycle}</LifecycleState><HealthStatus>HEALTHY</HealthStatus></member>`
        : []
    })
    return `<DescribeAutoScalingInstancesResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeAutoScalingInstancesResult><AutoScalingInstances>${items.join('')}</AutoScalingInstances></DescribeAutoScalingInstancesResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeAutoScalingInstancesResponse>`
  }
}

/** `Filter.1.Name`, `Filter.1.Value.1` … */
function filtersOf(input: Input): [name: string, values: string[]][] {
  const names = Object.entries(input).filter(([key]) => /^Filter\.\d+\.Name$/.test(key))
  return names.map(([key, name]) => {
    const start = `${key.slice(0, -'Name'.length)}Value.`
    const values = Object.entries(input).filter(([other]) => other.startsWith(start))
    return [String(name), values.map(([, value]) => String(value))]
  })
}

function meets(machine: MachineShape, name: string, values: readonly string[]): boolean {
  const { tags = {} } = machine
  if (name.startsWith('tag:')) return values.includes(tags[name.slice(4)] ?? '\0')
  if (name === 'tag-key') return values.some((key) => Object.hasOwn(tags, key))
  const actual: Readonly<Record<string, string | undefined>> = {
    'instance-id': machine.id,
    'instance-state-name': machine.state ?? 'running',
    'vpc-id': machine.vpc,
    'subnet-id': machine.subnet,
    'availability-zone': machine.zone,
  }
  return values.includes(actual[name] ?? '\0')
}

function instanceXml({
  id,
  address,
  state = 'running',
  publicAddress,
  zone,
  vpc,
  subnet,
  tags = {},
}: MachineShape): string {
  const element = (name: string, value: string | undefined): string =>
    value ? `<${name}>${escape(value)}</${name}>` : ''
  const tagItems = Object.entries(tags).map(
    ([key, value]) => `<item><key>${escape(key)}</key><value>${escape(value)}</value></item>`,
  )
  return `<item><reservationId>r-1</reservationId><instancesSet><item><instanceId>${id}</instanceId><instanceState><code>16</code><name>${state}</name></instanceState><launchTime>2026-01-02T03:04:05.000Z</launchTime><placement>${element('availabilityZone', zone)}</placement>${element('privateIpAddress', address)}${element('ipAddress', publicAddress)}${element('vpcId', vpc)}${element('subnetId', subnet)}<tagSet>${tagItems.join('')}</tagSet></item></instancesSet></item>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
