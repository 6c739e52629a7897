import { readFile } from 'node:fs/promises'
import type { CliContext } from '../../src/cli/context.ts'
import { runCli } from '../../src/cli/program.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What a command finds where nothing is set; its output goes nowhere. */
export const GIVEN: CliContext = {
  env: {},
  pid: 1,
  cpus: 1,
  color: false,
  outColor: false,
  width: 100,
  out: () => {},
  err: () => {},
  readText: (path) => readFile(path, 'utf8'),
  onStop: () => {},
  onReload: () => {},
  onReopen: () => {},
}

/** Runs a command within this process, which must end by itself. */
export function runGiven(
  args: readonly string[],
  env: Record<string, string> = {},
  color = false,
): Promise<Outcome> {
  return startGiven(args, env, color).ended
}

/** A command that runs within this process, and what it has printed so far. */
export interface Running {
  readonly out: string
  readonly ended: Promise<Outcome>
  /** As SIGTERM does. */
  stop(): void
}

export function startGiven(
  args: readonly string[],
  env: Record<string, string> = {},
  color = false,
): Running {
  let out = ''
  let err = ''
  const stops: (() => void)[] = []
  const context: CliContext = {
    ...GIVEN,
    env,
    color,
    outColor: color,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    onStop: (listener) => void stops.push(listener),
  }
  return {
    get out() {
      return out
    },
    ended: runCli(args, context).then((code) => ({ code, out, err })),
    stop: () => stops.forEach((stop) => stop()),
  }
}
