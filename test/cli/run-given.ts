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
  width: 100,
  out: () => {},
  err: () => {},
  readText: (path) => readFile(path, 'utf8'),
  onStop: () => {},
  onReload: () => {},
  onReopen: () => {},
}

/** Runs a command within this process, which must end by itself. */
export async function runGiven(
  args: readonly string[],
  env: Record<string, string> = {},
  color = false,
): Promise<Outcome> {
  let out = ''
  let err = ''
  const context: CliContext = {
    ...GIVEN,
    env,
    color,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  }
  const code = await runCli(args, context)
  return { code, out, err }
}
