import type { Balanced } from '../../src/balancing/load-balancer.ts'

export type EndpointWords = Partial<Balanced['plan']> & { readonly full?: boolean }

/** An endpoint as a balancer sees it; its plan may be exchanged. */
export function endpointOf(
  key: string,
  { full = false, ...words }: EndpointWords = {},
): Balanced & { plan: Balanced['plan']; full: boolean; inFlight: number } {
  const plan = { url: `http://${key}:80`, state: 'ready', weight: 1, ...words } as const
  return { key, plan, full, weight: plan.weight, hashName: plan.url, inFlight: 0 }
}
