import type { Figures } from './figures.ts'
import type { Origin } from './origin.ts'
import type { Programs } from './programs.ts'
import type { Contestant } from './proxies/contestant.ts'
import type { RunningProxy, Surroundings } from './proxies/running-proxy.ts'

/** How much is measured. */
export interface Effort {
  /** Times that each contestant has its turn. */
  readonly rounds: number
  /** Of load per turn. */
  readonly seconds: number
}

/** What a trial works with. */
export interface Bench {
  readonly effort: Effort
  readonly programs: Programs
  readonly origin: Origin
  readonly surroundings: Surroundings
  readonly figures: Figures
  /** Whether the operator wants this proxy to take part. */
  takesPart(contestant: Contestant): boolean
  /**
   * Running already, or started now; it runs until the bench ends. Undefined for one that does not take part, and for
   * one that does not start, which is then noted as absent from the trial.
   */
  enter(trial: string, contestant: Contestant): Promise<RunningProxy | undefined>
  /** Progress, for whoever waits. */
  say(text: string): void
}

/** One row, or a few, of the report. */
export interface Trial {
  readonly name: string
  /** What is measured, for a person. */
  readonly about: string
  /** True when it runs unless others are named. */
  readonly usual: boolean
  /** Seconds that it takes at most, about. */
  duration(effort: Effort, contestants: number): number
  run(bench: Bench): Promise<void>
}
