import { readFile } from 'node:fs/promises'
import type { CliContext } from '../../src/cli/context.ts'
import { runCli } from '../../src/cli/program.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command within this process, which must end by itself. */
export function runGiven(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return startGiven(args, env).ended
}

/** A command that runs within this process, and what it has printed so far. */
export interface Running {
  readonly out: string
  readonly ended: Promise<Outcome>
  /** As SIGTERM does. */
  stop(): void
}

export function startGiven(args: readonly string[], env: Record<string, string> = {}): Running {
  let out = ''
  let err = ''
  const stops: (() => void)[] = []
  const context: CliContext = {
    env,
    pid: 1,
    cpus: 1,
    color: false,
    outColor: false,
    width: 100,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readText: (path) => readFile(path, 'utf8'),
    onStop: (listener) => void stops.push(listener),
    onReload: () => {},
    onReopen: () => {},
  }
  return {
    get out() {
      return out
    },
    ended: runCli(args, context).then((code) => ({ code, out, err })),
    stop: () => stops.forEach((stop) => stop()),
  }
}
