import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const KEPT_OUTPUT = 16_384

/** One program that a test started. It is only ever ended through its own process, and never outlives the test. */
export class PeerProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #killOnExit = (): void => void this.#child.kill('SIGKILL')
  #output = ''

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    // 'close' rather than 'exit': by then its ports are free and its output is complete.
    this.#exited = once(this.#child, 'close').catch((error: unknown) => this.#keep(String(error)))
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    }
    process.once('exit', this.#killOnExit)
  }

  /** @throws Error when it could not be started */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`not started: ${this.#output}`)
    return this.#child.pid
  }

  /** Fulfilled when it has ended, by itself or not. */
  get ended(): Promise<unknown> {
    return this.#exited
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#output
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGHUP'): void {
    this.#child.kill(name)
  }

  /** Ends the process, also when it is suspended, and waits until it has gone. */
  async end(name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.running) {
      this.#child.kill(name)
      this.#child.kill('SIGCONT')
    }
    await this.#exited
    process.removeListener('exit', this.#killOnExit)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
  }
}
