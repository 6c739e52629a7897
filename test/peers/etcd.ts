import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { etcdBinary, etcdctlBinary } from './binaries.ts'
import { freePorts } from './free-ports.ts'
import { PeerProcess } from './peer-process.ts'

export interface EtcdOptions {
  /** Default 1. */
  readonly members?: number
  /** Switches authentication on: from then on nobody but `root` may do anything. */
  readonly auth?: boolean
  /** Files of the server's certificate: clients have to speak TLS. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
  /** More of its flags. */
  readonly flags?: readonly string[]
}

export const ETCD_PASSWORD = 'correct-horse'
const STARTS_WITHIN = 30_000
const run = promisify(execFile)

/** Starts a real etcd cluster on free loopback ports, and waits until it has a leader. */
export async function startEtcd(options: EtcdOptions = {}): Promise<Etcd> {
  const [etcd, etcdctl] = [await etcdBinary(), await etcdctlBinary()]
  const { members = 1 } = options
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-etcd-'))
    const cluster = new Etcd(etcd, etcdctl, folder, await freePorts(2 * members), options)
    try {
      await cluster.start()
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      // Somebody else may have taken a port in between.
      if (attempt === 3) throw error
    }
  }
}

/** A cluster of etcd, its data in a folder of its own. */
export class Etcd implements AsyncDisposable {
  readonly members: readonly EtcdMember[]
  /** `host:port` of each member, for clients. */
  readonly endpoints: readonly string[]
  readonly #etcdctl: string
  readonly #folder: string
  readonly #options: EtcdOptions
  #token: string | undefined

  constructor(etcd: string, etcdctl: string, folder: string, ports: readonly number[], options: EtcdOptions) {
    this.#etcdctl = etcdctl
    this.#folder = folder
    this.#options = options
    const half = ports.length / 2
    const [clients, peers] = [ports.slice(0, half), ports.slice(half)]
    this.endpoints = clients.map((port) => `127.0.0.1:${port}`)
    const initial = peers.map((port, i) => `m${i}=http://127.0.0.1:${port}`).join(',')
    this.members = clients.map((client, i) => {
      const data = join(folder, `m${i}`)
      const args = argsOf(`m${i}`, data, client, peers[i]!, initial, options)
      return new EtcdMember(etcd, args, data)
    })
  }

  async start(): Promise<void> {
    for (const member of this.members) member.launch()
    await this.settled()
    if (this.#options.auth !== true) return
    await this.etcdctl(
      `etcdctl user add root:${ETCD_PASSWORD} && etcdctl user grant-role root root && etcdctl auth enable`,
    )
  }

  /** Waits until every member that runs has a leader. */
  async settled(): Promise<void> {
    const end = Date.now() + STARTS_WITHIN
    for (const [i, member] of this.members.entries()) {
      while (member.running && !(await this.#isWell(this.endpoints[i]!))) {
        if (Date.now() > end)
          throw new Error(`etcd did not start within ${STARTS_WITHIN} ms:\n${member.output}`)
        await delay(20)
      }
      if (!member.running) throw new Error(`etcd ended while it started:\n${member.output}`)
    }
  }

  /** Runs a line of shell in which `etcdctl` is the real one and knows endpoints and user; gives what it printed. */
  async etcdctl(line: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const { tls, auth } = this.#options
    const script = `etcdctl() { "${this.#etcdctl}" "$@"; }\n${line}`
    const env = {
      PATH: process.env['PATH'],
      ETCDCTL_API: '3',
      ETCDCTL_ENDPOINTS: this.#addresses().join(','),
      ...(tls ? { ETCDCTL_CACERT: tls.ca } : {}),
      ...(auth === true && !line.includes('auth enable') ? { ETCDCTL_USER: `root:${ETCD_PASSWORD}` } : {}),
      ...variables,
    }
    const { stdout } = await run('/bin/sh', ['-euc', script], { env })
    return stdout
  }

  /** Puts all pairs in transactions of so many, each of which is one revision. */
  async putAll(pairs: Iterable<readonly [key: string, value: string]>, each = 128): Promise<void> {
    const operations = [...pairs].map(([key, value]) => ({
      requestPut: { key: encoded(key), value: encoded(value) },
    }))
    for (let i = 0; i < operations.length; i += each)
      await this.call('/v3/kv/txn', { success: operations.slice(i, i + each) })
  }

  /** Deletes everything that begins so. */
  async deleteAll(prefix: string): Promise<void> {
    const end = Buffer.from(prefix)
    end[end.length - 1]! += 1
    await this.call('/v3/kv/deleterange', { key: encoded(prefix), range_end: end.toString('base64') })
  }

  /** One call of the first member's gateway, as root where there is authentication; plain HTTP only. */
  async call(path: string, body: object): Promise<Record<string, unknown>> {
    if (this.#options.auth === true && this.#token === undefined) {
      const user = { name: 'root', password: ETCD_PASSWORD }
      const { token } = await this.#post('/v3/auth/authenticate', user)
      this.#token = String(token)
    }
    return await this.#post(path, body)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()))
    await rm(this.#folder, { recursive: true, force: true })
  }

  #addresses(): string[] {
    return this.endpoints.map((endpoint) => `${this.#options.tls ? 'https' : 'http'}://${endpoint}`)
  }

  async #post(path: string, body: object): Promise<Record<string, unknown>> {
    const headers: Record<string, string> = this.#token === undefined ? {} : { authorization: this.#token }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`http://${this.endpoints[0]}${path}`, init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }

  async #isWell(endpoint: string): Promise<boolean> {
    const { tls } = this.#options
    const flags = tls ? ['--cacert', tls.ca] : []
    const address = `${tls ? 'https' : 'http'}://${endpoint}`
    const env = { ...process.env, ETCDCTL_API: '3' }
    const args = [
      ...flags,
      '--endpoints',
      address,
      '--command-timeout',
      '2s',
      'endpoint',
      'status',
      '-w',
      'json',
    ]
    try {
      const { stdout } = await run(this.#etcdctl, args, { env })
      return /"leader":[1-9]/.test(stdout)
    } catch {
      return false
    }
  }
}

export class EtcdMember {
  readonly #binary: string
  readonly #args: readonly string[]
  readonly #data: string
  #process: PeerProcess | undefined

  constructor(binary: string, args: readonly string[], data: string) {
    this.#binary = binary
    this.#args = args
    this.#data = data
  }

  get running(): boolean {
    return this.#process?.running ?? false
  }

  get output(): string {
    return this.#process?.output ?? ''
  }

  /** Starts it with the data that it has; `Etcd.settled` waits for it. */
  launch(): void {
    if (!this.running) this.#process = new PeerProcess(this.#binary, this.#args)
  }

  /** Ends it as a crash does. */
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

  /** Of what it has stored; it must not run. */
  async forget(): Promise<void> {
    await rm(this.#data, { recursive: true, force: true })
  }
}

function argsOf(
  name: string,
  data: string,
  client: number,
  peer: number,
  initial: string,
  { tls, flags = [] }: EtcdOptions,
): string[] {
  const clientUrl = `${tls ? 'https' : 'http'}://127.0.0.1:${client}`
  const peerUrl = `http://127.0.0.1:${peer}`
  const settings = {
    name,
    'data-dir': data,
    logger: 'zap',
    'log-level': 'error',
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': initial,
    'initial-cluster-token': 'tidegate',
    // A tenth of what is usual: elections are what tests wait for.
    'heartbeat-interval': '50',
    'election-timeout': '500',
  }
  return [
    ...Object.entries(settings).map(([flag, value]) => `--${flag}=${value}`),
    ...(tls ? ['--cert-file', tls.cert, '--key-file', tls.key] : []),
    ...flags,
  ]
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64')
}
