import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file that sends every host to one service; to be disposed of. */
export class ServedService implements AsyncDisposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async at(url: string, loadBalancer: object = {}): Promise<ServedService> {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
    const http = {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'all', priority: 1 } },
      services: { all: { loadBalancer: { servers: [{ url }], ...loadBalancer } } },
    }
    await writeFile(join(folder, 'service.yml'), JSON.stringify({ http }))
    return new ServedService(folder)
  }

  get flag(): string {
    return `--providers.file.filename=${join(this.#folder, 'service.yml')}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}
