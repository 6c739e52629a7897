/** What is asked of endpoints to choose among zones. */
export interface Zoned {
  /** As strategies see it: what warms counts for the part that it takes. */
  readonly weight: number
  readonly plan: { readonly weight: number; readonly zone?: string }
}

/** Share of its own weight that a zone must have left. */
const LEAST_LEFT = 0.5
/** Share of its part of the whole that a zone must have: below, its endpoints would get more than twice what others get. */
const LEAST_PART = 0.5

/**
 * The endpoints of `zone` among those that are `open`, while they are enough: at least half of what the zone has
 * (`all`) is open, and they are at least half of what one zone has on average. Otherwise all that are open.
 *
 * AWS load balancers without cross-zone balancing send everything to their own zone however few targets are left;
 * Envoy computes which part to send away from the shares of proxies and endpoints in each zone, which it must be told.
 * This proxy knows nothing of its fellows, so it takes them to be spread evenly over the zones, and keeps off the
 * two states that hurt: a zone that is failing, and one whose few endpoints would have to bear a whole zone's load.
 */
export function inOwnZone<E extends Zoned>(
  open: readonly E[],
  all: readonly E[],
  zone: string,
): readonly E[] {
  const own = open.filter(({ plan }) => plan.zone === zone)
  if (own.length === 0 || own.length === open.length) return open
  const zones = new Set(open.map(({ plan }) => plan.zone)).size
  const whole = all.reduce((sum, { plan }) => (plan.zone === zone ? sum + plan.weight : sum), 0)
  const enoughLeft = weightOf(own) >= LEAST_LEFT * whole
  const enoughAtAll = weightOf(own) >= (LEAST_PART * weightOf(open)) / zones
  return enoughLeft && enoughAtAll ? own : open
}

function weightOf(endpoints: readonly Zoned[]): number {
  return endpoints.reduce((sum, { weight }) => sum + weight, 0)
}
