import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file that sends every host to one service, but for those that have one of their own; to be disposed of. */
export class ServedService implements AsyncDisposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** `own`: the addresses of hosts that have a service of their own. */
  static async at(
    url: string,
    loadBalancer: object = {},
    own: Readonly<Record<string, string>> = {},
  ): Promise<ServedService> {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
    const hosts = Object.entries(own)
    const http = {
      routers: {
        all: { rule: 'PathPrefix(`/`)', service: 'all', priority: 1 },
        ...Object.fromEntries(
          hosts.map(([host]) => [host, { rule: `Host(\`${host}\`)`, service: host, priority: 2 }]),
        ),
      },
      services: {
        all: { loadBalancer: { servers: [{ url }], ...loadBalancer } },
        ...Object.fromEntries(
          hosts.map(([host, address]) => [host, { loadBalancer: { servers: [{ url: address }] } }]),
        ),
      },
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
