import { isIP } from 'node:net'
import type { ApiConfig } from '../config/api.ts'
import type { Logger } from '../telemetry/log.ts'
import { Access } from './access.ts'
import { AdminServer } from './admin-server.ts'
import type { Page } from './page.ts'
import { endpointPages } from './pages/endpoints.ts'
import type { EndpointAdmin } from './pages/endpoints.ts'
import { httpResourcePages } from './pages/http-resources.ts'
import { logLevelPages } from './pages/log-level.ts'
import { overviewPages } from './pages/overview.ts'
import { problemPages } from './pages/problems.ts'
import { providerPages } from './pages/providers.ts'
import type { AdminView } from './view.ts'

export interface AdminSurroundings {
  readonly view: AdminView
  readonly admin: EndpointAdmin
  readonly log: Logger
  /** Pages beside the API, such as metrics. */
  readonly more?: readonly Page[]
  /** Rejects as `fs.readFile` does. */
  readonly readText: (path: string) => Promise<string>
}

/** The admin API as it is configured, not listening yet. */
export function createAdmin(config: ApiConfig, surroundings: AdminSurroundings): AdminServer {
  const { listen, insecure, token, tokenFile, allowedHosts } = config
  const { log, readText, more = [] } = surroundings
  const access = new Access({
    openToRead: insecure || isLoopback(listen.host),
    hosts: allowedHosts.map((host) => host.toLowerCase()),
    token: async () => token ?? (tokenFile === undefined ? undefined : (await readText(tokenFile)).trim()),
    now: () => performance.now(),
  })
  return new AdminServer({ listen, access, pages: [...apiPages(surroundings), ...more], log })
}

/** All pages of the API. */
function apiPages({ view, admin, log }: AdminSurroundings): Page[] {
  return [
    ...overviewPages(view),
    ...httpResourcePages(view),
    ...endpointPages(admin),
    ...providerPages(view),
    ...problemPages(view),
    ...logLevelPages(log),
  ]
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
