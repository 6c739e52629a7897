import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A service on 127.0.0.1 that works on so many requests at a time, each for so many milliseconds. */
export class SlottedOrigin implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: string) {
    this.#child = child
    this.url = `http://127.0.0.1:${port}`
  }

  /** In a process of its own: it must stay punctual while the load and the proxy fight for theirs. */
  static async start(slots: number, work: number): Promise<SlottedOrigin> {
    const program = new URL('./slotted-origin-process.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [program, String(slots), String(work)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    return new SlottedOrigin(child, line.replace('port ', ''))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}
