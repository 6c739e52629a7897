import type { Command } from 'commander'
import type { Variables } from '../config/environment.ts'

/** What a command may use of the process that it runs in. Only `main.ts` makes one; tests make their own. */
export interface CliContext {
  readonly env: Variables
  readonly pid: number
  /** Processors of this machine. */
  readonly cpus: number
  /** Whether colours may be written to standard error. */
  readonly color: boolean
  /** Whether colours may be written to standard output. */
  readonly outColor: boolean
  /** Characters that fit into a line of help. */
  readonly width: number
  out(text: string): void
  err(text: string): void
  /** Text of a file. Rejects as `fs.readFile` does. */
  readText(path: string): Promise<string>
  /** From now on the first SIGTERM or SIGINT calls `listener`, and the second ends the process at once. */
  onStop(listener: () => void): void
  /** SIGHUP: read configuration again. */
  onReload(listener: () => void): void
  /** SIGUSR1: open log files again. */
  onReopen(listener: () => void): void
}

/** Makes one command. Its action reports the exit code when it ends. */
export type CommandFactory = (context: CliContext, exit: (code: number) => void) => Command
