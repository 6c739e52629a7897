import { setTimeout as delay } from 'node:timers/promises'
import { motoBinary } from './binaries.ts'
import { freePorts } from './free-ports.ts'
import { PeerProcess } from './peer-process.ts'

const STARTS_WITHIN = 60_000

/** Starts moto, which speaks the wire protocols of AWS, on a free loopback port, and waits until it answers. */
export async function startMoto(): Promise<Moto> {
  const binary = await motoBinary()
  for (let attempt = 1; ; attempt++) {
    const [port = 0] = await freePorts(1)
    const moto = new Moto(port, new PeerProcess(binary, ['-H', '127.0.0.1', '-p', String(port)]))
    try {
      await moto.started()
      return moto
    } catch (error) {
      await moto[Symbol.asyncDispose]()
      // Somebody else may have taken the port in between.
      if (attempt === 3) throw error
    }
  }
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
  async started(): Promise<void> {
    for (const end = Date.now() + STARTS_WITHIN; !(await this.#answers()); await delay(50)) {
      if (!this.#process.running) throw new Error(`moto ended while it started:\n${this.#process.output}`)
      if (Date.now() > end)
        throw new Error(`moto did not start within ${STARTS_WITHIN} ms:\n${this.#process.output}`)
    }
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
