import type { Check } from './answers.ts'

/** What all checks say, in a form that can be compared. */
export interface ChecksPicture {
  /** By name of the service. */
  readonly services: ReadonlyMap<string, string>
  /** Of nodes themselves, by name of the node; they concern every service that has an instance there. */
  readonly nodes: ReadonlyMap<string, string>
}

/** Only who is checked and with what result: a check's output changes often and means nothing here. */
export function pictureOf(checks: readonly Check[]): ChecksPicture {
  return {
    services: fingerprints(
      checks.filter(({ serviceName }) => serviceName !== ''),
      ({ serviceName }) => serviceName,
    ),
    nodes: fingerprints(
      checks.filter(({ serviceName }) => serviceName === ''),
      ({ node }) => node,
    ),
  }
}

function fingerprints(checks: readonly Check[], key: (check: Check) => string): Map<string, string> {
  const groups = Map.groupBy(checks, key)
  return new Map([...groups].map(([name, group]) => [name, fingerprint(group)]))
}

function fingerprint(checks: readonly Check[]): string {
  return checks
    .map(({ node, id, serviceId, status }) => JSON.stringify([node, id, serviceId, status]))
    .toSorted()
    .join()
}

/** Services and nodes of which some check appeared, vanished or says something else. */
export function changedChecks(
  before: ChecksPicture,
  after: ChecksPicture,
): { services: string[]; nodes: string[] } {
  return { services: differing(before.services, after.services), nodes: differing(before.nodes, after.nodes) }
}

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
}
