import { HEADLINE, LARGE, MIDDLEWARES, ROUTERS, TELEMETRY, WORKERS } from './cases.ts'
import {
  CHANGING,
  MANY_ROUTERS,
  ONE_WORKER,
  THROUGH_THREE,
  TWO_WORKERS,
  WITH_COMMON_LOG,
  WITH_JSON_LOG,
  WITH_METRICS,
} from './contestants.ts'
import type { Figures, Measure } from './figures.ts'
import type { Spread } from './statistics.ts'
import { ratioOf, spreadOf } from './statistics.ts'
import { APPLY_CHANGE } from './trials/apply-change.ts'
import { HALF_PEAK } from './trials/half-peak.ts'
import { MEMORY } from './trials/memory.ts'

/** What has to hold, and what is aimed at. */
export interface Target {
  readonly what: string
  readonly trial: string
  readonly measure: Measure
  readonly of: string
  /** The figure counts as a multiple of this contestant's, round by round; otherwise as it is. */
  readonly against?: string
  readonly must: Bound
  readonly goal?: Bound
}

export interface Bound {
  readonly sign: '≤' | '≥'
  readonly value: number
}

export interface Verdict {
  readonly target: Target
  readonly figure: Spread
  readonly met: boolean
}

const atMost = (value: number): Bound => ({ sign: '≤', value })
const atLeast = (value: number): Bound => ({ sign: '≥', value })
const own = ONE_WORKER.name

export const TARGETS: readonly Target[] = [
  {
    what: 'CPU per request × haproxy',
    trial: HEADLINE,
    measure: 'cpu',
    of: own,
    against: 'haproxy',
    must: atMost(1.6),
    goal: atMost(1.25),
  },
  {
    what: 'CPU per request × caddy',
    trial: HEADLINE,
    measure: 'cpu',
    of: own,
    against: 'caddy',
    must: atMost(0.35),
    goal: atMost(0.25),
  },
  {
    what: 'p99 at half of the peak × haproxy',
    trial: HALF_PEAK,
    measure: 'p99',
    of: own,
    against: 'haproxy',
    must: atMost(2),
  },
  {
    what: 'throughput of 1 MiB bodies × haproxy',
    trial: LARGE,
    measure: 'rate',
    of: own,
    against: 'haproxy',
    must: atLeast(0.6),
  },
  {
    what: 'CPU per request, 10,000 routers × 10 routers',
    trial: ROUTERS,
    measure: 'cpu',
    of: MANY_ROUTERS.name,
    against: own,
    must: atMost(1.15),
  },
  {
    what: 'CPU per request, stripPrefix + headers + rateLimit × none',
    trial: MIDDLEWARES,
    measure: 'cpu',
    of: THROUGH_THREE.name,
    against: own,
    must: atMost(1.2),
  },
  ...(
    [
      ['metrics', WITH_METRICS, 1.03],
      ['metrics and access log', WITH_COMMON_LOG, 1.1],
      ['metrics and access log in JSON', WITH_JSON_LOG, 1.16],
    ] as const
  ).map(([what, { name }, most]): Target => ({
    what: `CPU per request, ${what} × none`,
    trial: TELEMETRY,
    measure: 'cpu',
    of: name,
    against: own,
    must: atMost(most),
  })),
  {
    what: 'CPU per request, 2 workers × 1 worker',
    trial: WORKERS,
    measure: 'cpu',
    of: TWO_WORKERS.name,
    against: own,
    must: atMost(1.1),
  },
  {
    what: 'busier worker, % of 256 connections',
    trial: WORKERS,
    measure: 'busier',
    of: TWO_WORKERS.name,
    must: atMost(65),
  },
  {
    what: 'longest stall of a worker by a change, ms',
    trial: APPLY_CHANGE,
    measure: 'stall',
    of: CHANGING.name,
    must: atMost(10),
  },
  {
    what: 'memory at start, MiB',
    trial: MEMORY.start,
    measure: 'mebibytes',
    of: 'tidegate, 10 routers',
    must: atMost(160),
  },
  {
    what: 'memory at 10,000 routers × 5 endpoints, MiB',
    trial: MEMORY.routers,
    measure: 'mebibytes',
    of: 'tidegate, 10,000 routers × 5',
    must: atMost(300),
  },
  {
    what: 'memory per idle connection, KiB',
    trial: MEMORY.connections,
    measure: 'kibibytes',
    of: 'tidegate, 10 routers',
    must: atMost(12),
  },
  {
    what: 'memory for a slow reader of 1 GiB, MiB',
    trial: MEMORY.slowReader,
    measure: 'mebibytes',
    of: 'tidegate, 10 routers',
    must: atMost(10),
  },
]

/** Judges, by their medians, the targets whose figures are there. */
export function judge(figures: Figures, targets = TARGETS): Verdict[] {
  return targets.flatMap((target) => {
    const figure = figureOf(figures, target)
    return figure ? [{ target, figure, met: holds(figure.median, target.must) }] : []
  })
}

function holds(value: number, { sign, value: bound }: Bound): boolean {
  return sign === '≤' ? value <= bound : value >= bound
}

function figureOf(figures: Figures, { trial, of, measure, against }: Target): Spread | undefined {
  const values = figures.valuesOf(trial, of, measure)
  if (!values) return undefined
  if (against === undefined) return spreadOf(values)
  const others = figures.valuesOf(trial, against, measure)
  return others && ratioOf(values, others)
}
