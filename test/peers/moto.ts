import { motoBinary } from './binaries.ts'
import { PeerProcess } from './peer-process.ts'
import { startOnFreePorts, untilReady } from './start-peer.ts'

const STARTS_WITHIN = 60_000

/** Starts moto, which speaks the wire protocols of AWS, on a free loopback port, and waits until it answers. */
export async function startMoto(): Promise<Moto> {
  const binary = await motoBinary()
  return await startOnFreePorts(1, ([port = 0]) => {
    const program = new PeerProcess(binary, ['-H', '127.0.0.1', '-p', String(port)])
    return new Moto(port, program)
  })
}

/** A running moto, empty; all its data are in its memory. */
export class Moto implements AsyncDisposable {
  readonly url: string
  readonly #process: PeerProcess

  constructor(port: number, process: PeerProcess) {
    this.url = `http://127.0.0.1:${port}`
    this.#process = process
  }

  /** @throws Error with what it printed when it does not come up */
  async start(): Promise<void> {
    await untilReady('moto', this.#process, () => this.#answers(), STARTS_WITHIN)
    await this.reset()
  }

  /** Forgets everything, and allows everything to everybody. */
  async reset(): Promise<void> {
    await this.#control('reset', '')
    await this.#control('reset-auth', 'inf')
    // Otherwise each look at a task would bring it one step nearer to its end.
    const transition = { progression: 'manual', times: 1_000_000 }
    await this.#control(
      'state-manager/set-transition',
      JSON.stringify({ model_name: 'ecs::task', transition }),
    )
  }

  /** From now on checks signatures, and what policies allow. */
  async enforcePolicies(): Promise<void> {
    await this.#control('reset-auth', '0')
  }

  /** Calls IAM, for which no SDK is installed; gives the answer's text. */
  async iam(action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters })
    const authorization = 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request'
    const response = await fetch(this.url, { method: 'POST', body, headers: { authorization } })
    if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`)
    return await response.text()
  }

  async #control(path: string, body: string): Promise<void> {
    const response = await fetch(`${this.url}/moto-api/${path}`, { method: 'POST', body })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end('SIGKILL')
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/moto-api/data.json`)).ok
    } catch {
      return false
    }
  }
}
