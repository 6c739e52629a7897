import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisBinary } from './binaries.ts'
import { PeerProcess } from './peer-process.ts'
import { startOnFreePorts, untilReady } from './start-peer.ts'

const STARTS_WITHIN = 20_000

/** Settings as in `redis.conf`; a list stands for several lines. */
export type RedisSettings = Readonly<Record<string, string | readonly string[]>>

export interface RedisOptions {
  readonly settings?: RedisSettings
  readonly sentinel?: boolean
  /** Its plain port listens to nobody, and the given files are used for TLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
}

/** Starts a real Redis server (or sentinel) of its own, empty, on a free loopback port. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const binary = await redisBinary()
  return await startOnFreePorts(1, async ([port = 0]) => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-redis-'))
    return new RedisServer(binary, folder, port, options)
  })
}

/** One server that keeps its data in memory: starting it again means losing all, unless it was told to save. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly #binary: string
  readonly #folder: string
  readonly #options: RedisOptions
  #process: PeerProcess | undefined

  constructor(binary: string, folder: string, port: number, options: RedisOptions) {
    this.port = port
    this.#binary = binary
    this.#folder = folder
    this.#options = options
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    if (this.#process?.running) return
    const file = join(this.#folder, 'redis.conf')
    await writeFile(file, configuration(this.#folder, this.port, this.#options))
    const started = new PeerProcess(this.#binary, [file, ...(this.#options.sentinel ? ['--sentinel'] : [])])
    this.#process = started
    await untilReady('redis', started, () => listens(this.port), STARTS_WITHIN)
  }

  /** Ends it as a crash does, with SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL')
  }

  /** Hangs it: its connections stay open, and nothing is answered until `resume`. */
  suspend(): void {
    this.#process?.signal('SIGSTOP')
  }

  resume(): void {
    this.#process?.signal('SIGCONT')
  }

  /** Kills it and starts it again on the same port, without anything that it knew. */
  async restartEmpty(): Promise<void> {
    await this.kill()
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function configuration(folder: string, port: number, { settings, sentinel, tls }: RedisOptions): string {
  const ports = tls
    ? {
        port: '0',
        'tls-port': String(port),
        'tls-cert-file': tls.cert,
        'tls-key-file': tls.key,
        'tls-ca-cert-file': tls.ca,
      }
    : { port: String(port) }
  const all: RedisSettings = {
    bind: '127.0.0.1',
    dir: folder,
    ...ports,
    ...(sentinel ? {} : { save: '""', 'enable-debug-command': 'yes', 'repl-diskless-sync-delay': '0' }),
    ...settings,
  }
  return Object.entries(all)
    .flatMap(([name, value]) => [value].flat().map((each) => `${name} ${each}\n`))
    .join('')
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => resolve(true))
  socket.on('error', () => resolve(false))
  void promise.then(() => socket.destroy())
  return promise
}
