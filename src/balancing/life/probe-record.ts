/** How many probes in a row it takes to change the mind about an endpoint. */
export interface ProbeThresholds {
  /** Passing ones until one that was down is up. */
  readonly rise: number
  /** Failing ones until one that was up is down. */
  readonly fall: number
  /** Whether one that has not been probed yet is up. */
  readonly initiallyUp: boolean
}

/** What active probes have found out about an endpoint. */
export interface ProbeRecord {
  up: boolean
  /** Probes of the last kind in a row. */
  passes: number
  fails: number
  /** What the last probe found; empty before the first. */
  last: string
}

/** Of an endpoint that is not probed, or that was there before it was. */
export function trusted(): ProbeRecord {
  return { up: true, passes: 0, fails: 0, last: '' }
}

export function unprobed({ initiallyUp }: ProbeThresholds): ProbeRecord {
  return { up: initiallyUp, passes: 0, fails: 0, last: '' }
}

/** Takes a probe's result over. A new endpoint is up with the first probe that passes, whatever `rise` is. */
export function countProbe(
  record: ProbeRecord,
  passed: boolean,
  found: string,
  { rise, fall }: ProbeThresholds,
): void {
  const first = record.last === ''
  record.last = found
  if (passed) {
    record.fails = 0
    record.passes++
    if (first || record.passes >= rise) record.up = true
  } else {
    record.passes = 0
    record.fails++
    if (record.fails >= fall) record.up = false
  }
}
