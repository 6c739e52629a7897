import type { EndpointStatus } from '../balancing/life-cycle.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import { explain } from '../explain/explain.ts'
import type { Explanation } from '../explain/explain.ts'
import { checkRouting } from './check-routing.ts'
import type { CliContext } from './context.ts'
import type { ExplainOptions } from './explain.ts'
import { complain } from './inspect.ts'
import { loadForCli, report } from './static-config.ts'

/** Explains a request from the files of a configuration; a number is the exit code when that cannot be done. */
export async function explainFromFiles(
  context: CliContext,
  url: string,
  flags: readonly string[],
  { method, header = [], clientIp: clientAddress, entryPoint }: ExplainOptions,
): Promise<Explanation | number> {
  const loaded = await loadForCli(context, flags)
  if (!loaded.config) {
    report(context, loaded.problems)
    return 1
  }
  const { config } = loaded
  const { routing, context: known, problems } = await checkRouting({ ...loaded, config, targets: [] })
  if (!routing) {
    complain(
      context,
      'no files are configured',
      'set `providers.file.filename` or `providers.file.directory`',
    )
    return 1
  }
  const headers = header.map((line) => {
    const colon = line.indexOf(':')
    return [
      line.slice(0, colon < 0 ? undefined : colon).trim(),
      colon < 0 ? '' : line.slice(colon + 1).trim(),
    ] as const
  })
  const explained = explain(
    { url, method, headers, clientAddress, entryPoint },
    {
      routing,
      problems,
      endpoints: assumedEndpoints(routing),
      entryPoints: config.entryPoints,
      context: known,
      precedence: config.providers.precedence.map((name) => name.toLowerCase()),
    },
  )
  if (!('error' in explained)) return explained
  complain(context, explained.error, explained.remedy)
  return 1
}

/** Whether an endpoint is well, no file can say. */
function assumedEndpoints({ services }: RoutingConfig): EndpointStatus[] {
  return [...services].flatMap(([service, { endpoints }]) =>
    endpoints.map(({ key, scheme, host, port, weight, instance }) => ({
      service,
      key,
      url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ...(instance === undefined ? {} : { instance }),
      state: 'ready' as const,
      reason: 'assumed, since no process was asked',
      since: new Date(0),
      weight,
      ejections: 0,
    })),
  )
}
