import { resourceInfos } from '../admin/resources.ts'
import type { ResourceInfo } from '../admin/resources.ts'
import type { ApiConfig } from '../config/api.ts'
import type { Problem } from '../config/problem.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import type { RoutingContext } from '../discovery/source.ts'
import { adminUrl, readAdmin } from './admin-client.ts'
import type { Called } from './admin-client.ts'
import type { CliContext } from './context.ts'
import { diffRouting } from './routing-diff.ts'
import type { RawData, RoutingDiff, RunningEndpoint } from './routing-diff.ts'

export type Compared =
  | { readonly diff: RoutingDiff; readonly url: string }
  | { readonly error: string; readonly remedy: string }

/** What would be served, and the providers of which nothing is known. */
export interface Planned {
  readonly routing: RoutingConfig
  readonly context: RoutingContext
  readonly problems: readonly Problem[]
  readonly unread: readonly string[]
}

/** Compares what would be served with what the running process serves, both in the same form. Never rejects. */
export async function compareRunning(
  context: CliContext,
  api: ApiConfig | undefined,
  url: string | undefined,
  planned: Planned,
): Promise<Compared> {
  const read = (path: string): Promise<Called> => readAdmin(api, path, context, url)
  const [raw, endpoints] = await Promise.all([read('/api/rawdata'), read('/api/endpoints')])
  if (raw.outcome !== 'done') return raw
  if (endpoints.outcome !== 'done') return endpoints
  const running = Array.isArray(endpoints.answer) ? (endpoints.answer as RunningEndpoint[]) : []
  return {
    diff: diffRouting(raw.answer as RawData, rawData(planned), running, planned.unread),
    url: url ?? adminUrl(api!),
  }
}

function rawData(planned: Planned): RawData {
  const byName = (infos: readonly ResourceInfo[]): Record<string, ResourceInfo> =>
    Object.fromEntries(infos.map((info) => [info.name, info]))
  const { routers, services, middlewares } = resourceInfos({ ...planned, endpoints: [] })
  // As it would come over the wire: what is undefined is not there.
  const data = { routers: byName(routers), services: byName(services), middlewares: byName(middlewares) }
  return JSON.parse(JSON.stringify(data)) as RawData
}
