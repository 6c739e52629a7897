import { createServer } from 'node:net'
import { freePorts } from '../../test/peers/free-ports.ts'
import { until } from '../../test/support/until.ts'
import { Program } from './program.ts'
import { SERVICE } from './registry.ts'
import type { Instance, Registry } from './registry.ts'

/** The port that Tidegate listens on when nobody else does. */
const PREFERRED_PORT = 8000

export interface RunningInstance extends Instance {
  readonly program: Program
}

/** Tidegate and the instances behind it, each a process of its own; disposing of it stops them all. */
export class Stage implements AsyncDisposable {
  readonly port: number
  /** Oldest first. */
  readonly instances: RunningInstance[] = []
  readonly #registry: Registry
  readonly #started = new AsyncDisposableStack()
  #born = 0

  constructor(port: number, registry: Registry) {
    this.port = port
    this.#registry = registry
  }

  /** Starts one instance for each tag, and then Tidegate. */
  static async open(
    registry: Registry,
    tags: readonly string[],
    onLog: (line: string) => void,
  ): Promise<Stage> {
    const stage = new Stage(await choosePort(), registry)
    try {
      await Promise.all(tags.map((tag) => stage.add(tag)))
      await stage.#startTidegate(onLog)
      return stage
    } catch (error) {
      await stage[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts one more instance, waits until it answers, and registers it. */
  async add(tag: string): Promise<RunningInstance> {
    const id = `${SERVICE}-${++this.#born}`
    const [port = 0] = await freePorts(1)
    const program = this.#started.use(
      new Program(['whoami', '--host=127.0.0.1', `--port=${port}`, `--name=${id}`]),
    )
    await answers(`http://127.0.0.1:${port}/`, program)
    const instance = { id, tag, port, program }
    this.instances.push(instance)
    await this.#registry.register(instance)
    return instance
  }

  /** Takes the instance out of discovery; it goes on running. */
  async deregister(instance: RunningInstance): Promise<void> {
    this.instances.splice(this.instances.indexOf(instance), 1)
    await this.#registry.deregister(instance)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync()
  }

  async #startTidegate(onLog: (line: string) => void): Promise<void> {
    const own = [
      `--entryPoints.web.address=127.0.0.1:${this.port}`,
      '--ping.entryPoint=web',
      '--log.format=json',
    ]
    const { flags, env } = this.#registry
    const tidegate = this.#started.use(new Program(['run', ...own, ...flags], env, onLog))
    await answers(`http://127.0.0.1:${this.port}/ping`, tidegate)
  }
}

async function answers(url: string, program: Program): Promise<void> {
  await until(`an answer of ${url}`, async () => {
    if (!program.running) throw new Error(`a program ended before it answered ${url}:\n${program.output}`)
    return await fetch(url).then(
      async (response) => (await response.text(), response.ok),
      () => false,
    )
  })
}

async function choosePort(): Promise<number> {
  const free = await new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(PREFERRED_PORT, '127.0.0.1', () => server.close(() => resolve(true)))
  })
  return free ? PREFERRED_PORT : (await freePorts(1))[0]!
}
