import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const LINES_KEPT = 50

/** One `tidegate …` process that the demo started; disposing of it ends it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #kill = (): void => void this.#child.kill('SIGKILL')
  readonly #lines: string[] = []

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    onLine?: (line: string) => void,
  ) {
    // In a group of its own: Ctrl-C is for the demo, which then ends what it started in order.
    const options = { env: { ...process.env, ...env }, detached: true }
    const child = spawn(process.execPath, [MAIN, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.#ended = once(child, 'close').catch(() => undefined)
    process.once('exit', this.#kill)
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line)
        if (this.#lines.length > LINES_KEPT) this.#lines.shift()
        onLine?.(line)
      })
    }
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#lines.join('\n')
  }

  /** Asks it to stop, and waits until it has; one that does not within ten seconds is killed. */
  async stop(): Promise<void> {
    const late = setTimeout(this.#kill, 10_000)
    if (this.running) this.#child.kill('SIGTERM')
    await this.#ended
    clearTimeout(late)
    process.removeListener('exit', this.#kill)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
