import { complain } from './complaint.ts'
import type { DraftScope } from './draft.ts'
import type { Endpoint } from './routing-config.ts'

/** `5%` or `0.5 %` as a number; undefined when it is no percentage, or above 100. */
export function parsePercentage(text: string): number | undefined {
  const [, digits] = /^(\d{1,3}(?:\.\d{1,6})?)\s*%$/.exec(text.trim()) ?? []
  return digits !== undefined && Number(digits) <= 100 ? Number(digits) : undefined
}

/**
 * The endpoints with one percentage for each group of canaries: that of most of its endpoints, and of as many the
 * smaller one. In the middle of a change some have the new one already.
 */
export function withCanaryGroups(endpoints: readonly Endpoint[], scope: DraftScope): readonly Endpoint[] {
  if (!endpoints.some(({ canary }) => canary)) return endpoints
  const claims = Map.groupBy(
    endpoints.flatMap(({ canary }) => canary ?? []),
    ({ group }) => group,
  )
  const settled = new Map([...claims].map(([group, all]) => [group, mostClaimed(all)]))
  sayTooMuch([...settled.values()], scope)
  return endpoints.map((endpoint) => {
    const percent = endpoint.canary && settled.get(endpoint.canary.group)
    if (percent === undefined || percent === endpoint.canary?.percent) return endpoint
    return { ...endpoint, canary: { group: endpoint.canary!.group, percent } }
  })
}

function mostClaimed(claims: readonly { readonly percent: number }[]): number {
  const votes = Map.groupBy(claims, ({ percent }) => percent)
  const [[percent]] = [...votes].toSorted(
    ([one, { length: a }], [other, { length: b }]) => b - a || one - other,
  ) as [[number, unknown]]
  return percent
}

function sayTooMuch(percentages: readonly number[], { problems, definition, resource }: DraftScope): void {
  const sum = percentages.reduce((total, percent) => total + percent, 0)
  if (sum <= 100) return
  problems.push(
    complain({
      code: 'E106',
      severity: 'warning',
      origin: definition.origin,
      resource,
      message: `the canaries of ${resource} ask for ${sum} % together: they share all requests, and the other instances get none`,
      remedy: 'lower the percentages in their tags `weight`',
    }),
  )
}
