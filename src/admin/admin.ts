import { isIP } from 'node:net'
import type { ApiConfig } from '../config/api.ts'
import type { Logger } from '../telemetry/log.ts'
import { Access } from './access.ts'
import { AdminServer } from './admin-server.ts'
import { endpointPages } from './endpoint-pages.ts'
import type { EndpointAdmin } from './endpoint-pages.ts'

export interface AdminSurroundings {
  readonly admin: EndpointAdmin
  readonly log: Logger
  /** Rejects as `fs.readFile` does. */
  readonly readText: (path: string) => Promise<string>
}

/** The admin API as it is configured, not listening yet. */
export function createAdmin(config: ApiConfig, { admin, log, readText }: AdminSurroundings): AdminServer {
  const { listen, insecure, token, tokenFile, allowedHosts } = config
  const access = new Access({
    openToRead: insecure || isLoopback(listen.host),
    hosts: allowedHosts.map((host) => host.toLowerCase()),
    token: async () => token ?? (tokenFile === undefined ? undefined : (await readText(tokenFile)).trim()),
    now: () => performance.now(),
  })
  return new AdminServer({ listen, access, pages: endpointPages(admin), log })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
