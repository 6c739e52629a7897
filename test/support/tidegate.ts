import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { freePorts } from '../peers/free-ports.ts'
import { until } from './until.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const OUTPUT_KEPT = 4_000_000

export interface TidegateOptions {
  /** Besides those of the entry point `web` and of `ping`. */
  readonly flags: readonly string[]
  /** Default: the sources. */
  readonly program?: 'src/main.ts' | 'dist/src/main.js'
  /** Of the entry point `web`; default: a free one. */
  readonly port?: number
  /** A listening socket for `web`, passed as systemd passes one. */
  readonly inherited?: { readonly fd: number; readonly port: number }
}

/** Starts the real program with the entry point `web` on a free port, and waits until its first table serves. */
export async function startTidegate({
  flags,
  program = 'src/main.ts',
  port: given,
  inherited,
}: TidegateOptions): Promise<Tidegate> {
  const [free = 0] = given === undefined && !inherited ? await freePorts(1) : []
  const port = inherited?.port ?? given ?? free
  const own = [`--entryPoints.web.address=127.0.0.1:${port}`, '--ping.entryPoint=web', '--log.format=json']
  const command = [process.execPath, program, 'run', ...own, ...flags]
  const child = inherited
    ? spawn('sh', ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', ...command], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe', inherited.fd],
        env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' },
      })
    : spawn(process.execPath, command.slice(1), { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const tidegate = new Tidegate(port, child)
  try {
    await until('tidegate to be ready', () => tidegate.isReady(), 20_000)
    return tidegate
  } catch (error) {
    await tidegate[Symbol.asyncDispose]()
    throw new Error(`tidegate did not start:\n${tidegate.output}`, { cause: error })
  }
}

/** A running Tidegate; disposing of it kills it. */
export class Tidegate implements AsyncDisposable {
  /** Of the entry point `web`. */
  readonly port: number
  /** What it has printed. */
  output = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#child = child
    this.#ended = once(child, 'close')
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-OUTPUT_KEPT)
      })
    }
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** @throws Error when the program has ended */
  async isReady(): Promise<boolean> {
    if (!this.#running) throw new Error(`ended with ${this.#child.exitCode ?? this.#child.signalCode}`)
    return await pinged(this.port)
  }

  /** Endpoints that the log has ever said to be down, by URL: their probes failed, or they were ejected. */
  get downs(): ReadonlySet<string> {
    const lines = this.output.split('\n').filter((line) => line.includes('"down":'))
    return new Set(lines.flatMap((line) => (JSON.parse(line) as { down: string[] }).down))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal and waits for the end: the exit code, or null when the signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.#running) this.#child.kill(signal)
    await this.#ended
    return this.#child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }

  get #running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }
}

/** On a connection that is closed with its answer: one that is kept would count among those that a test limits. */
function pinged(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const options = { host: '127.0.0.1', port, path: '/ping', agent: false, timeout: 2_000 }
  const request = get(options, (response) => {
    response.resume()
    resolve(response.statusCode === 200)
  })
  request.on('timeout', () => request.destroy())
  request.on('error', () => resolve(false))
  return promise
}
