import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** What a slow client does: it never ends its head, or its body, or never reads its answer. */
export type Slowness = 'head' | 'body' | 'read'

export interface SlowClientsOptions {
  /** The proxy's, on 127.0.0.1. */
  readonly port: number
  readonly counts: Readonly<Record<Slowness, number>>
  /** How many connect in a second. */
  readonly perSecond: number
}

/** Slow clients in a process of their own, so that they do not slow down who measures; to be disposed of. */
export class SlowClients implements AsyncDisposable {
  /** Of each kind, those that were cut off. */
  readonly ended: Record<Slowness, number> = { head: 0, body: 0, read: 0 }
  /** Fulfilled when the last one has connected. */
  readonly opened: Promise<void>
  readonly #child: ChildProcess

  constructor({ port, counts, perSecond }: SlowClientsOptions) {
    const program = new URL('./slow-clients-process.ts', import.meta.url).pathname
    const args = [port, counts.head, counts.body, counts.read, perSecond].map(String)
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    this.opened = new Promise((resolve, reject) => {
      child.once('close', () => reject(new Error('the slow clients have ended')))
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'open') resolve()
        else this.ended[line.replace('ended ', '') as Slowness]++
      })
    })
    // Who does not wait for it need not hear of its end.
    this.opened.catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}
