import { availableParallelism } from 'node:os'

/** Which cores a program may use. */
export type Place = 'proxy' | 'load' | 'anywhere'

/**
 * Every proxy has the first core for itself; whoever makes load, and the origin, have the second. Nothing else of
 * the bench runs meanwhile, so that what is compared is what one core can do.
 */
export function pinned(place: Place, command: readonly string[]): [string, ...string[]] {
  return ['taskset', '-c', coresOf(place), ...command]
}

/** In the form that taskset reads. */
export function coresOf(place: Place): string {
  const last = availableParallelism() - 1
  if (place === 'anywhere') return `0-${last}`
  return place === 'proxy' ? '0' : String(Math.min(1, last))
}
