import type { LoadCase } from './cases.ts'
import { CASES, HEADLINE, MIDDLEWARES, TELEMETRY } from './cases.ts'
import type { BenchOptions } from './options.ts'
import type { Trial } from './trial.ts'
import { applyChange } from './trials/apply-change.ts'
import { halfPeak } from './trials/half-peak.ts'
import { loadTrial } from './trials/load-trial.ts'
import { memoryTrials } from './trials/memory.ts'
import { startUp } from './trials/start-up.ts'

/** Half-peak stands behind the load trials, since it builds on what one of them finds. */
const SPEED_TRIALS: readonly Trial[] = [...CASES.map(loadTrial), halfPeak, startUp, applyChange]

/** @throws Error that names the word that fits no trial */
export function selectTrials({ only, full, memory, middlewares, telemetry }: BenchOptions): readonly Trial[] {
  const all = memory ? memoryTrials : SPEED_TRIALS
  if (middlewares) return all.filter(({ name }) => name === MIDDLEWARES)
  if (telemetry) return all.filter(({ name }) => name === TELEMETRY)
  if (only.length === 0) return full ? all : all.filter(({ usual }) => usual)
  const lost = only.find((word) => !all.some(({ name }) => name.includes(word)))
  if (lost !== undefined) throw new Error(`--only=${lost} fits no trial; --list names them`)
  return all.filter(({ name }) => only.some((word) => name.includes(word)))
}

/** The first case of load that is named; the one that the targets are about when none is. */
export function selectProfiledCase({ only }: BenchOptions): LoadCase {
  const names = only.length === 0 ? [HEADLINE] : only
  const found = CASES.find(({ name }) => names.some((word) => name.includes(word)))
  if (!found) throw new Error(`--profile needs a case of load, and --only=${only.join(',')} names none`)
  return found
}
