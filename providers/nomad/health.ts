import type { Check } from './answers.ts'

/**
 * `waiting`: not known yet, and so not served. `unknown`: there are no checks, or they cannot be read; it is served.
 */
export type Verdict = 'passing' | 'critical' | 'waiting' | 'unknown'

/** What is known of the checks of one allocation. */
export interface Examined {
  /** As last read; undefined: never yet. */
  readonly checks: readonly Check[] | undefined
  /** Services whose checks have all passed once. */
  readonly passed: ReadonlySet<string>
  /** Nomad's deployment has found the allocation healthy. */
  readonly deployed: boolean
  /** The checks could not be read for so long that it is not waited for any more. */
  readonly overdue: boolean
}

/** What the checks of one service in an allocation say. */
export function verdictOf(service: string, { checks, passed, deployed, overdue }: Examined): Verdict {
  if (!checks) return overdue ? 'unknown' : 'waiting'
  const own = checks.filter((check) => check.service === service)
  if (own.length === 0) return 'unknown'
  if (own.some(({ status }) => status === 'failure')) return 'critical'
  const pending = own.some(({ status }) => status === 'pending')
  // A client that has been restarted makes all checks anew: that alone is no reason to take anything out.
  return pending && !passed.has(service) && !deployed ? 'waiting' : 'passing'
}

/** Services whose checks all pass. */
export function passingServices(checks: readonly Check[]): string[] {
  const groups = Map.groupBy(checks, ({ service }) => service)
  return [...groups]
    .filter(([, group]) => group.every(({ status }) => status === 'success'))
    .map(([service]) => service)
}
