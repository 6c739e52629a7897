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
  readonly up: boolean
  /** Probes of the last kind in a row. */
  readonly passes: number
  readonly fails: number
  /** What the last probe found; empty before the first. */
  readonly last: string
}

/** Of endpoints that are not probed, or were there before they were: one for all of them, until it is copied. */
export const TRUSTED: ProbeRecord = { up: true, passes: 0, fails: 0, last: '' }

export function unprobed({ initiallyUp }: ProbeThresholds): ProbeRecord {
  return { up: initiallyUp, passes: 0, fails: 0, last: '' }
}

/** With a probe's result. A new endpoint is up with the first probe that passes, whatever `rise` is. */
export function afterProbe(
  { up, passes, fails, last }: ProbeRecord,
  passed: boolean,
  found: string,
  { rise, fall }: ProbeThresholds,
): ProbeRecord {
  if (passed) {
    const risen = last === '' || passes + 1 >= rise
    return { up: up || risen, passes: passes + 1, fails: 0, last: found }
  }
  const fallen = fails + 1 >= fall
  return { up: up && !fallen, passes: 0, fails: fails + 1, last: found }
}
