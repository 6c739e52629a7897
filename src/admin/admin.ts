import { isIP } from 'node:net'
import type { ApiConfig } from '../config/api.ts'
import type { ControlPlaneObserver } from '../server/control-plane.ts'
import type { Logger } from '../telemetry/log.ts'
import { Access } from './access.ts'
import { AdminServer } from './admin-server.ts'
import { apiPages } from './api-pages.ts'
import { EventHistory } from './event-history.ts'
import { EventRecorder } from './event-recorder.ts'
import type { Page } from './page.ts'
import type { EndpointAdmin } from './pages/endpoints.ts'
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

export interface Admin {
  readonly server: AdminServer
  /** To be told what happens. */
  readonly observer: ControlPlaneObserver
}

/** The admin API as it is configured, not listening yet. */
export function createAdmin(config: ApiConfig, surroundings: AdminSurroundings): Admin {
  const { listen, insecure, token, tokenFile, allowedHosts, basePath } = config
  const { log, readText, view, admin, more = [] } = surroundings
  const history = new EventHistory()
  const access = new Access({
    openToRead: insecure || isLoopback(listen.host),
    hosts: allowedHosts.map((host) => host.toLowerCase()),
    token: async () => token ?? (tokenFile === undefined ? undefined : (await readText(tokenFile)).trim()),
    now: () => performance.now(),
  })
  const api = apiPages({ view, admin, log, history })
  const pages = [...api.map((page) => below(basePath, page)), ...more]
  const changed = (page: Page, about: Readonly<Record<string, unknown>>): void => {
    const words = Object.entries(about).map(([name, value]) => `${name} ${String(value)}`)
    history.add('operator', `${page.path.slice(page.path.lastIndexOf('/') + 1)}: ${words.join(', ')}`, about)
  }
  const server = new AdminServer({ listen, access, pages, log, changed })
  return { server, observer: new EventRecorder(history, view) }
}

function below(basePath: string, page: Page): Page {
  return basePath === '' ? page : { ...page, path: `${basePath}${page.path}` }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
