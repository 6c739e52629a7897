import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { zooKeeperJava } from './binaries.ts'
import { PeerProcess } from './peer-process.ts'
import { startOnFreePorts, untilReady } from './start-peer.ts'

const STARTS_WITHIN = 30_000
/** A small heap, one collector thread and no optimizing compiler: it starts in half a second of CPU. */
const JAVA = [
  '-Xmx96m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dzookeeper.jmx.log4j.disable=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]
/** Milliseconds; sessions last for 2 to 20 of these. */
const TICK = 200

/** Starts a real ZooKeeper server of its own, empty, on a free loopback port. */
export async function startZooKeeper(): Promise<ZooKeeperServer> {
  const java = await zooKeeperJava()
  return await startOnFreePorts(1, async ([port = 0]) => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-zookeeper-'))
    return new ZooKeeperServer(java, folder, port)
  })
}

/** One server, which keeps its data on disk. */
export class ZooKeeperServer implements AsyncDisposable {
  readonly port: number
  readonly #java: string
  readonly #folder: string
  #process: PeerProcess | undefined

  constructor(java: string, folder: string, port: number) {
    this.port = port
    this.#java = java
    this.#folder = folder
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Starts it with what it has on disk. */
  async start(): Promise<void> {
    if (this.#process?.running) return
    const file = join(this.#folder, 'zoo.cfg')
    await writeFile(file, settings(join(this.#folder, 'data'), this.port))
    const main = 'org.apache.zookeeper.server.ZooKeeperServerMain'
    const started = new PeerProcess(this.#java, [...JAVA, main, file])
    this.#process = started
    await untilReady('zookeeper', started, () => this.#serves(), STARTS_WITHIN)
  }

  /** Ends it as a crash does; what it has on disk stays. */
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
    await rm(join(this.#folder, 'data'), { recursive: true, force: true })
    await this.start()
  }

  /** What one of the server's four-letter words answers, such as `srvr` or `cons`. */
  async ask(word: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1')
    // While it starts, the server may forget a connection that it has accepted.
    socket.setTimeout(1_000, () => socket.destroy(new Error(`no answer to ${word}`)))
    socket.end(word)
    return await text(socket)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #serves(): Promise<boolean> {
    return this.ask('srvr').then(
      (answer) => answer.includes('Mode: '),
      () => false,
    )
  }
}

function settings(data: string, port: number): string {
  const values = {
    dataDir: data,
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    tickTime: TICK,
    forceSync: 'no',
    'admin.enableServer': false,
    '4lw.commands.whitelist': '*',
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
