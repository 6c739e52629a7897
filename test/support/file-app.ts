import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../../src/app.ts'
import type { App } from '../../src/running-app.ts'
import { loadStaticConfig } from '../../src/config/load.ts'
import { allProviders, providerShapes } from '../../src/provider-catalogue.ts'
import { createLogger } from '../../src/telemetry/log.ts'
import { RawPeer } from './raw-peer.ts'
import { until } from './until.ts'

export interface FileAppOptions {
  /** The dynamic configuration. */
  readonly routes: object
  readonly flags?: readonly string[]
  /** Default: in this thread. */
  readonly workers?: number
}

/** A whole Tidegate in this process that reads one file; every request goes to its entry point `web`. */
export class FileApp implements AsyncDisposable {
  readonly app: App
  readonly #folder: string

  private constructor(app: App, folder: string) {
    this.app = app
    this.#folder = folder
  }

  static async start({ routes, flags = [], workers }: FileAppOptions): Promise<FileApp> {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
    await writeFile(join(folder, 'routes.json'), JSON.stringify(routes))
    const { config, problems } = await loadStaticConfig({
      flags: [
        '--entryPoints.web.address=127.0.0.1:0',
        `--providers.file.filename=${join(folder, 'routes.json')}`,
        `--workers=${workers ?? 1}`,
        `--log.filePath=${join(folder, 'log')}`,
        ...flags,
      ],
      env: {},
      cpus: 1,
      readText: (path) => readFile(path, 'utf8'),
      providers: providerShapes(await allProviders()),
    })
    if (!config) throw new Error(problems.map(({ message }) => message).join('\n'))
    const hosting = workers === undefined ? 'in-process' : 'workers'
    return new FileApp(await startApp({ config, hosting, log: createLogger(config.log) }), folder)
  }

  get port(): number {
    return this.app.addresses.get('web')!.port
  }

  /** The file that it reads. */
  get routesFile(): string {
    return join(this.#folder, 'routes.json')
  }

  /** Everything that it has said so far. */
  logged(): Promise<string> {
    return readFile(join(this.#folder, 'log'), 'utf8')
  }

  /** Has other routes served. */
  async write(routes: object): Promise<void> {
    await this.writeText(JSON.stringify(routes))
  }

  /** The same with any text, right or wrong. */
  async writeText(text: string): Promise<void> {
    await writeFile(join(this.#folder, 'routes.json'), text)
    this.app.reload()
  }

  /** States of endpoints by the port in their URL, as `ready: discovered`. */
  states(): Record<string, string> {
    return Object.fromEntries(
      this.app.endpoints.map(({ url, state, reason }) => [new URL(url).port, `${state}: ${reason}`]),
    )
  }

  /** Waits until the endpoint on this port is so. */
  async untilState(port: number, state: string | RegExp): Promise<void> {
    const matches = (now = ''): boolean =>
      typeof state === 'string' ? now.startsWith(state) : state.test(now)
    try {
      await until(`the state ${String(state)}`, () => matches(this.states()[port]))
    } catch (error) {
      throw new Error(JSON.stringify(this.states()), { cause: error })
    }
  }

  connect(): Promise<RawPeer> {
    return RawPeer.open(this.port)
  }

  /** Bodies of the answers to so many GETs, each on a connection of its own. */
  async get(count = 1): Promise<string[]> {
    const bodies: string[] = []
    for (let i = 0; i < count; i++) {
      await using client = await this.connect()
      const { head, body } = await client
        .write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        .readMessage()
      bodies.push(`${head.slice(9, 12)} ${body.toString()}`)
    }
    return bodies
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.stop()
    await rm(this.#folder, { recursive: true })
  }
}

/** Routes that send every request to these ports. */
export function routesTo(ports: readonly number[], loadBalancer: object = {}): object {
  const servers = ports.map((port) => ({ url: `http://127.0.0.1:${port}` }))
  return {
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'all' } },
      services: { all: { loadBalancer: { servers, ...loadBalancer } } },
    },
  }
}
