import { parseStatusRange } from '../config/status-ranges.ts'
import type { AccessEntry } from './access-entry.ts'

/** Which requests are logged, as in Traefik's `accessLog.filters`: those that any of the filters wants. */
export interface AccessFilters {
  /** Single codes and ranges: `200`, `400-499`. */
  readonly statusCodes?: readonly string[]
  /** Whatever was tried more than once. */
  readonly retryAttempts?: boolean
  /** Milliseconds; whatever took longer. 0: no such filter. */
  readonly minDuration?: number
}

/** Whether an entry is to be logged; undefined when all are, which costs nothing per request. */
export function accessFilter(filters: AccessFilters): ((entry: AccessEntry) => boolean) | undefined {
  const { statusCodes = [], retryAttempts = false, minDuration = 0 } = filters
  if (statusCodes.length === 0 && !retryAttempts && minDuration <= 0) return undefined
  const ranges = statusCodes.map(parseStatusRange).filter((range) => range !== undefined)
  return ({ status, retries, duration }) =>
    ranges.some(([from, to]) => status >= from && status <= to) ||
    (retryAttempts && retries > 0) ||
    (minDuration > 0 && duration > minDuration)
}
