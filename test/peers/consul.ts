import { consulBinary } from './binaries.ts'
import { ConsulApi } from './consul-api.ts'
import { PeerProcess } from './peer-process.ts'
import { startOnFreePorts, untilReady } from './start-peer.ts'

export interface ConsulOptions {
  /** Default `dc1`. */
  readonly datacenter?: string
  /** Refuses everything that no token allows; `token` is then the one that may do all. */
  readonly acl?: boolean
}

const STARTS_WITHIN = 20_000
/** Of the agent with ACL on; a fixed one, since each agent serves one test. */
const MANAGEMENT_TOKEN = '5f1b2b0e-7a0c-4f5e-9d61-3a6f2c9b8e47'

/** Starts a real Consul agent in development mode on free loopback ports, and waits until it has a leader. */
export async function startConsul(options: ConsulOptions = {}): Promise<ConsulAgent> {
  const binary = await consulBinary()
  return await startOnFreePorts(4, (ports) => new ConsulAgent(binary, ports, options))
}

/** A Consul server of one node that keeps its data in memory: starting it again means losing all. */
export class ConsulAgent extends ConsulApi implements AsyncDisposable {
  readonly port: number
  readonly #binary: string
  readonly #args: readonly string[]
  #process: PeerProcess | undefined

  constructor(binary: string, ports: readonly number[], options: ConsulOptions) {
    const [http = 0, server = 0, lan = 0, wan = 0] = ports
    super(`127.0.0.1:${http}`, options.acl ? MANAGEMENT_TOKEN : undefined)
    this.port = http
    this.#binary = binary
    this.#args = ['agent', '-dev', '-hcl', JSON.stringify(settings({ http, server, lan, wan }, options))]
  }

  /** Starts it, empty, on its ports. */
  async start(): Promise<void> {
    if (this.#process?.running) return
    const started = new PeerProcess(this.#binary, this.#args)
    this.#process = started
    await untilReady('consul', started, () => this.#hasLeader(), STARTS_WITHIN)
  }

  /** Ends it as an operator does, with SIGTERM. */
  async stop(): Promise<void> {
    await this.#process?.end('SIGTERM')
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

  /** Kills it and starts it again on the same ports, without anything that it knew. */
  async restartEmpty(): Promise<void> {
    await this.kill()
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  /** True once the node itself is in the catalog too: before, the indexes have not settled. */
  async #hasLeader(): Promise<boolean> {
    try {
      const nodes = await this.call('GET', '/v1/health/service/consul?passing')
      return Array.isArray(nodes) && nodes.length > 0
    } catch {
      return false
    }
  }
}

interface Ports {
  readonly http: number
  readonly server: number
  readonly lan: number
  readonly wan: number
}

function settings({ http, server, lan, wan }: Ports, { datacenter, acl }: ConsulOptions): object {
  return {
    node_name: 'test-node',
    datacenter: datacenter ?? 'dc1',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: { http, https: -1, dns: -1, grpc: -1, server, serf_lan: lan, serf_wan: wan },
    performance: { raft_multiplier: 1 },
    disable_update_check: true,
    log_level: 'warn',
    ...(acl
      ? {
          acl: {
            enabled: true,
            default_policy: 'deny',
            tokens: { master: MANAGEMENT_TOKEN, agent: MANAGEMENT_TOKEN },
          },
        }
      : {}),
  }
}
