import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { Ledger } from './ledger.ts'

export interface SpawnOriginOptions {
  readonly name?: string
  readonly ledger?: Ledger
}

/** An origin in a process of its own, for scenarios that need real signals; to be disposed of. */
export async function spawnOrigin({
  name = 'origin',
  ledger = new Ledger(),
}: SpawnOriginOptions = {}): Promise<SpawnedOrigin> {
  const program = new URL('./origin-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, name], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await followOutput(child, child.stdout, ledger)
  return new SpawnedOrigin(name, port, ledger, child)
}

export class SpawnedOrigin implements AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly ledger: Ledger
  readonly #child: ChildProcess

  constructor(name: string, port: number, ledger: Ledger, child: ChildProcess) {
    this.name = name
    this.port = port
    this.ledger = ledger
    this.#child = child
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Sends a signal. SIGSTOP makes it a service that accepts and hangs. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal and waits until the process has ended: its exit code, or null when the signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return exitCode
    const closed = once(this.#child, 'close')
    this.#child.kill(signal)
    const [code] = (await closed) as [number | null]
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}

/** Enters in the ledger what the process reports; resolves with its port, rejects when it ends without one. */
function followOutput(child: ChildProcess, output: Readable, ledger: Ledger): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`the origin ended before it listened (${code ?? signal})`)),
    )
    createInterface({ input: output }).on('line', (line) => {
      const [word, value = '', id = ''] = line.split(' ')
      if (word === 'port') resolve(Number(value))
      else ledger.record(value, id)
    })
  })
}
