import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const ROOT = new URL('../../', import.meta.url).pathname

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** The real program as a child process; disposing of it kills it. */
export class TidegateProcess implements AsyncDisposable {
  out = ''
  err = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #isClosed = false

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const options = {
      cwd: ROOT,
      // The pinned Node may stand on a library of its own: scripts/complete-node.sh.
      env: { PATH: process.env['PATH'], LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'] as const,
    }
    this.#child = spawn(process.execPath, ['src/main.ts', ...args], { ...options, stdio: [...options.stdio] })
    this.#closed = once(this.#child, 'close').then(() => (this.#isClosed = true))
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves with what `pattern` finds in the output, as soon as it does. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.out + this.err)
      if (found) return found
      if (this.#isClosed) throw new Error(`ended without saying ${pattern}:\n${this.out}${this.err}`)
      await Promise.race([once(this.#child.stdout!, 'data'), once(this.#child.stderr!, 'data'), this.#closed])
    }
  }

  async ended(): Promise<Ended> {
    await this.#closed
    return { code: this.#child.exitCode, out: this.out, err: this.err }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}

/** Runs a command to its end. */
export async function runToEnd(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  await using tidegate = new TidegateProcess(args, env)
  return await tidegate.ended()
}
