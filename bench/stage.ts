import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Figures } from './figures.ts'
import type { BenchOptions } from './options.ts'
import type { Origin } from './origin.ts'
import { startOrigin } from './origin.ts'
import type { Programs } from './programs.ts'
import { makeCertificate } from './proxies/certificate.ts'
import type { Contestant } from './proxies/contestant.ts'
import type { RunningProxy, Surroundings } from './proxies/running-proxy.ts'
import { startProxy } from './proxies/running-proxy.ts'
import type { Bench, Effort } from './trial.ts'

/** Everything that runs during a bench; disposing of it ends every process and removes every file. */
export class Stage implements Bench, AsyncDisposable {
  readonly effort: Effort
  readonly programs: Programs
  readonly origin: Origin
  readonly surroundings: Surroundings
  readonly figures = new Figures()
  readonly #proxies: readonly string[]
  readonly #running = new Map<Contestant, Promise<RunningProxy | undefined>>()
  readonly #startedAt = performance.now()
  readonly #removeFiles = (): void => rmSync(this.surroundings.folder, { recursive: true, force: true })

  private constructor(options: BenchOptions, programs: Programs, origin: Origin, surroundings: Surroundings) {
    this.effort = options.effort
    this.#proxies = options.proxies
    this.programs = programs
    this.origin = origin
    this.surroundings = surroundings
    // Also when the operator ends it.
    process.once('exit', this.#removeFiles)
  }

  static async open(options: BenchOptions, programs: Programs): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-'))
    const certificate = await makeCertificate(folder)
    const origin = await startOrigin(programs, folder)
    return new Stage(options, programs, origin, { folder, programs, origin: origin.port, certificate })
  }

  takesPart({ name, needs }: Contestant): boolean {
    const asked = this.#proxies.length === 0 || this.#proxies.some((word) => name.startsWith(word))
    return asked && (needs === undefined || this.programs.present.has(needs))
  }

  async enter(trial: string, contestant: Contestant): Promise<RunningProxy | undefined> {
    if (!this.takesPart(contestant)) return undefined
    const started = this.#running.get(contestant) ?? this.#start(contestant)
    this.#running.set(contestant, started)
    const proxy = await started
    if (!proxy) this.figures.addAbsent(trial, contestant.name, 'did not start')
    return proxy
  }

  say(text: string): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1_000)
    process.stderr.write(`bench: ${String(seconds).padStart(5)} s  ${text}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const starting of this.#running.values()) {
      const proxy = await starting
      await proxy?.[Symbol.asyncDispose]()
    }
    await this.origin[Symbol.asyncDispose]()
    process.removeListener('exit', this.#removeFiles)
    this.#removeFiles()
  }

  /** Why it does not start is said, once. */
  async #start(contestant: Contestant): Promise<RunningProxy | undefined> {
    try {
      return await startProxy(contestant, this.surroundings)
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
}
