import type { ApiConfig } from '../config/api.ts'
import { discover } from '../discover.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import type { MiddlewareDefinition } from '../middleware.ts'
import { adminUrl, readAdmin } from './admin-client.ts'
import type { Called } from './admin-client.ts'
import type { CliContext } from './context.ts'
import { plannedData } from './planned-data.ts'
import { diffRouting } from './routing-diff.ts'
import type { RawData, RoutingDiff, RunningEndpoint } from './routing-diff.ts'

export type Compared =
  | { readonly diff: RoutingDiff; readonly url: string }
  | { readonly error: string; readonly remedy: string }

/** Compares what would be served with what the running process serves. Never rejects. */
export async function compareRunning(
  context: CliContext,
  api: ApiConfig | undefined,
  url: string | undefined,
  planned: RoutingConfig,
  unread: readonly string[],
): Promise<Compared> {
  const read = (path: string): Promise<Called> => readAdmin(api, path, context, url)
  const [raw, endpoints] = await Promise.all([read('/api/rawdata'), read('/api/endpoints')])
  if (raw.outcome !== 'done') return raw
  if (endpoints.outcome !== 'done') return endpoints
  const kinds = await discover<MiddlewareDefinition>(new URL('../middlewares/', import.meta.url))
  const running = Array.isArray(endpoints.answer) ? (endpoints.answer as RunningEndpoint[]) : []
  return {
    diff: diffRouting(raw.answer as RawData, plannedData(planned, kinds), running, unread),
    url: url ?? adminUrl(api!),
  }
}
