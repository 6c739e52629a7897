import type { Instance } from './provider.ts'

/** What the instances that are there occupy: addresses with their ports, and addresses of those without a port. */
export interface AddressesInUse {
  readonly withPort: ReadonlySet<string>
  readonly whole: ReadonlySet<string>
  readonly all: ReadonlySet<string>
}

/** Of the instances that their source shows. */
export function addressesInUse(instances: readonly Instance[]): AddressesInUse {
  const shown = instances.filter(({ unproven }) => unproven !== true)
  return {
    withPort: new Set(shown.flatMap(socketsOf)),
    whole: new Set(shown.filter(({ ports }) => ports.length === 0).map(addressOf)),
    all: new Set(shown.map(addressOf)),
  }
}

/**
 * Whether another instance has the place of this one, which its source does not show. One address may be shared by
 * many instances, each with ports of its own (a node of Consul), so that only the same port tells; where one of the
 * two has no port, the address alone does.
 */
export function isTaken(instance: Instance, { withPort, whole, all }: AddressesInUse): boolean {
  const address = addressOf(instance)
  if (whole.has(address)) return true
  return instance.ports.length === 0
    ? all.has(address)
    : socketsOf(instance).some((socket) => withPort.has(socket))
}

function addressOf({ address }: Instance): string {
  return address.toLowerCase()
}

function socketsOf(instance: Instance): string[] {
  return instance.ports.map(({ port }) => `${addressOf(instance)} ${port}`)
}
