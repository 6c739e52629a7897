import { parseArgs } from 'node:util'
import type { Effort } from './trial.ts'

export interface BenchOptions {
  readonly effort: Effort
  /** Parts of trial names; empty: the usual ones. */
  readonly only: readonly string[]
  /** Beginnings of contestants' names; empty: all. */
  readonly proxies: readonly string[]
  readonly full: boolean
  readonly memory: boolean
  /** What the middlewares cost that nearly everybody uses. */
  readonly middlewares: boolean
  /** What metrics and the access log cost. */
  readonly telemetry: boolean
  readonly profile: boolean
  readonly list: boolean
  readonly help: boolean
}

export const USAGE = `usage: npm run bench -- [options]

  --rounds=N         interleaved rounds (default 10)
  --seconds=N        load per proxy and round (default 3)
  --quick            3 rounds of 1 second: to see that it works, not to quote
  --only=A,B         trials whose names contain one of these; see --list
  --full             the whole matrix rather than the usual trials
  --proxies=A,B      only these of tidegate, haproxy, nginx, caddy
  --memory           memory instead of speed
  --middlewares      what the middlewares cost that nearly everybody uses
  --telemetry        what metrics and the access log cost
  --profile          where a worker's time goes, instead of comparing (--only names the case)
  --list             names the trials, and ends
`

const DEFAULT: Effort = { rounds: 10, seconds: 3 }
const QUICK: Effort = { rounds: 3, seconds: 1 }

/** @throws Error that names the option that is wrong */
export function parseOptions(args: readonly string[]): BenchOptions {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string', default: '' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text,
      seconds: text,
      only: text,
      proxies: text,
      quick: flag,
      full: flag,
      memory: flag,
      middlewares: flag,
      telemetry: flag,
      profile: flag,
      list: flag,
      help: flag,
    },
  })
  const { quick, full, memory, middlewares, telemetry, profile, list, help } = values
  const base = quick ? QUICK : DEFAULT
  const effort = {
    rounds: wholeNumber('rounds', values.rounds, base.rounds),
    seconds: wholeNumber('seconds', values.seconds, base.seconds),
  }
  return {
    effort,
    only: words(values.only),
    proxies: words(values.proxies),
    full,
    memory,
    middlewares,
    telemetry,
    profile,
    list,
    help,
  }
}

function words(text: string): string[] {
  return text.split(',').filter((word) => word !== '')
}

function wholeNumber(name: string, text: string, fallback: number): number {
  if (text === '') return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 1_000) return value
  throw new Error(`--${name}=${text} is not a whole number from 1 to 1000`)
}
