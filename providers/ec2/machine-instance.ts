import type { Instance } from '../../src/discovery/provider.ts'
import type { Machine } from '../aws/machines.ts'

export type AddressType = 'private' | 'public' | 'ipv6'

/** `starting`: not to be served yet. `leaving`: it drains. `gone`: its address may soon be somebody else's. */
export type MachineState = 'starting' | 'running' | 'leaving' | 'gone'

const BY_STATE: Readonly<Record<string, MachineState>> = {
  running: 'running',
  'shutting-down': 'leaving',
  stopping: 'leaving',
  stopped: 'gone',
  terminated: 'gone',
}

/** What Auto Scaling says of a machine of a group. */
export interface LifeCycle {
  /** Such as `InService` and `Terminating:Wait`. */
  readonly state: string
  readonly healthy: boolean
}

/** The key of the tag that tells a machine's group; set by AWS alone. */
export const GROUP_TAG = 'aws:autoscaling:groupName'

/** Where in its life a machine is; `cycle` is left out where nobody asks for it, or it belongs to no group. */
export function stateOf({ state }: Pick<Machine, 'state'>, cycle: LifeCycle | undefined): MachineState {
  const own = BY_STATE[state] ?? 'starting'
  if (own !== 'running' || !cycle) return own
  if (cycle.state.startsWith('Pending')) return 'starting'
  return cycle.state === 'InService' ? 'running' : 'leaving'
}

export function addressOf(machine: Machine, type: AddressType): string | undefined {
  const addresses = {
    private: machine.privateAddress,
    public: machine.publicAddress,
    ipv6: machine.ipv6Address,
  }
  return addresses[type]
}

/** A machine that has, or had, an address. Its tags say at which port it serves. */
export function instanceOf(machine: Machine, address: string, cycle: LifeCycle | undefined): Instance {
  const { id, tags, zone, launched, vpc, subnet } = machine
  const group = tags.get(GROUP_TAG)
  const serves = stateOf(machine, cycle) === 'running' && cycle?.healthy !== false
  return {
    id,
    name: tags.get('Name') || group || id,
    address,
    ports: [],
    tags: ownTags(tags),
    health: cycle === undefined ? 'unknown' : cycle.healthy ? 'passing' : 'critical',
    meta: {
      ...(group ? { group } : {}),
      ...(vpc ? { vpc } : {}),
      ...(subnet ? { subnet } : {}),
    },
    ...(zone ? { zone } : {}),
    ...(launched === undefined ? {} : { createdAt: launched }),
    ...(serves ? {} : { terminating: true }),
  }
}

/** Those of the operator, not those of AWS; one without a value is a plain word. */
function ownTags(tags: ReadonlyMap<string, string>): string[] {
  return [...tags]
    .filter(([key]) => !key.startsWith('aws:') && key !== 'Name')
    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
    .toSorted()
}
