import type { Problem } from '../../src/config/problem.ts'
import { partsOf } from './answers.ts'

/** Whom a notice is about. */
export interface About {
  readonly source: string
  readonly address: string
}

/**
 * Services of one name in several namespaces: by their default names they become one. Of the namespaces that are read
 * each by itself, the last one says so.
 */
export function sharedNames(
  { source, address }: About,
  part: string,
  listed: ReadonlyMap<string, readonly string[]>,
): Problem[] {
  if ([...listed.keys()].at(-1) !== part) return []
  const groups = Map.groupBy([...listed.values()].flat().map(partsOf), ({ service }) => service)
  return [...groups]
    .filter(([, group]) => group.length > 1)
    .map(([service, group]) => ({
      code: 'E209',
      severity: 'warning',
      message: `Nomad at ${address} has services called ${service} in the namespaces ${group
        .map(({ namespace }) => namespace)
        .toSorted()
        .join(', ')}: without names of their own they are served as one`,
      remedy: 'tell them apart by tags `tidegate.app` or `tidegate.env`, or read one namespace',
      origin: { source, key: 'namespaces' },
      resource: `service ${service}`,
    }))
}

/** One problem for all allocations whose checks cannot be read: it is that of the first. */
export function unreadableChecks(problems: readonly Problem[]): Problem[] {
  const [first] = problems
  if (!first) return []
  const others = problems.length === 1 ? '' : ` and ${problems.length - 1} more`
  return [
    {
      ...first,
      severity: 'warning',
      message: `${first.message}${others}: what was known of their health still holds`,
    },
  ]
}
