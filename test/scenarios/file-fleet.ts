import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ledger } from '../support/ledger.ts'
import { startOrigin } from '../support/origins.ts'
import type { Origin } from '../support/origins.ts'

export interface FileFleetOptions {
  /** Instances of the service, all in this process. */
  readonly size: number
  /** Further servers, wherever they lead. */
  readonly others?: readonly string[]
  /** Further options of the load balancer. */
  readonly loadBalancer?: object
}

/** One service, served to every host and listed in a file; to be disposed of. */
export class FileFleet implements AsyncDisposable {
  readonly ledger: Ledger
  readonly origins: readonly Origin[]
  readonly #folder: string

  private constructor(folder: string, ledger: Ledger, origins: readonly Origin[]) {
    this.#folder = folder
    this.ledger = ledger
    this.origins = origins
  }

  static async start({ size, others = [], loadBalancer = {} }: FileFleetOptions): Promise<FileFleet> {
    const ledger = new Ledger()
    const names = Array.from({ length: size }, (_, i) => `shop-${i + 1}`)
    const origins = await Promise.all(names.map((name) => startOrigin({ name, ledger })))
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
    const fleet = new FileFleet(folder, ledger, origins)
    const urls = [...origins.map(({ url }) => url), ...others]
    await fleet.#write({ servers: urls.map((url) => ({ url })), ...loadBalancer })
    return fleet
  }

  get flag(): string {
    return `--providers.file.filename=${this.#file}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const origin of this.origins) await origin[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true })
  }

  get #file(): string {
    return join(this.#folder, 'routes.json')
  }

  async #write(loadBalancer: object): Promise<void> {
    const routers = { shop: { rule: 'PathPrefix(`/`)', priority: 1, service: 'shop' } }
    const text = JSON.stringify({ http: { routers, services: { shop: { loadBalancer } } } })
    await writeFile(`${this.#file}.new`, text)
    await rename(`${this.#file}.new`, this.#file)
  }
}
