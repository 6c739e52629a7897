import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTidegate } from './tidegate.ts'
import type { Tidegate } from './tidegate.ts'

/** Tidegate with a file of dynamic configuration; to be disposed of. */
export class ServedRoutes implements AsyncDisposable {
  readonly tidegate: Tidegate
  readonly #folder: string

  private constructor(folder: string, tidegate: Tidegate) {
    this.#folder = folder
    this.tidegate = tidegate
  }

  /** `http` as in a file of the provider `file`. */
  static async start(http: object, flags: readonly string[] = []): Promise<ServedRoutes> {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
    const file = join(folder, 'routes.json')
    await writeFile(file, JSON.stringify({ http }))
    const tidegate = await startTidegate({ flags: [`--providers.file.filename=${file}`, ...flags] })
    return new ServedRoutes(folder, tidegate)
  }

  get port(): number {
    return this.tidegate.port
  }

  /** Puts other routes in place of those that are served. */
  async write(http: object): Promise<void> {
    await writeFile(join(this.#folder, 'routes.json'), JSON.stringify({ http }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tidegate[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true })
  }
}
