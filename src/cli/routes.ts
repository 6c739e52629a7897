import type { ApiConfig } from '../config/api.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { followEvents } from './event-stream.ts'
import { askPage, complain, INSPECT_EXIT, inspecting, printPage, whereToAsk } from './inspect.ts'
import type { InspectOptions } from './inspect.ts'
import { statusCell } from './states.ts'
import { table } from './table.ts'

interface RoutesOptions extends InspectOptions {
  readonly watch?: true
}

/** `tidegate routes`: which rules lead where in the running process. */
export const routesCommand: CommandFactory = (context, exit) =>
  inspecting('routes', 'list the routers of the running process', EXAMPLES)
    .option('--watch', 'list them again whenever something changes')
    .action(async (flags: string[], options: RoutesOptions) => exit(await routes(context, flags, options)))

const EXAMPLES = `
Examples:
  tidegate routes --configFile=/etc/tidegate/tidegate.yml
  tidegate routes --watch --address=127.0.0.1:8081${INSPECT_EXIT}`

interface RouterInfo {
  readonly name: string
  readonly status: string
  readonly rule?: string
  readonly priority?: number
  readonly entryPoints?: readonly string[]
  readonly service?: string
}

async function routes(
  context: CliContext,
  flags: readonly string[],
  options: RoutesOptions,
): Promise<number> {
  const api = await whereToAsk(context, flags, options)
  if (typeof api === 'number') return api
  return options.watch ? watch(context, api, options) : list(context, api, options)
}

function list(context: CliContext, api: ApiConfig, options: RoutesOptions): Promise<number> {
  return printPage<RouterInfo[]>(context, api, '/api/http/routers?per_page=1000000', options, (routers) =>
    routers.length === 0
      ? 'there are no routers'
      : table(
          ['ROUTER', 'RULE', 'PRIORITY', 'ENTRY POINTS', 'SERVICE', 'STATUS'],
          routers.map(({ name, rule = '', priority = '', entryPoints = [], service = '', status }) => [
            name,
            rule,
            String(priority),
            entryPoints.join(', '),
            service,
            statusCell(status),
          ]),
          { width: context.width, color: context.outColor },
        ),
  )
}

/** From the top of the screen where there is one. */
const CLEAR = '\u001B[H\u001B[2J'

async function watch(context: CliContext, api: ApiConfig, options: RoutesOptions): Promise<number> {
  const stop = new AbortController()
  context.onStop(() => stop.abort())
  let code = 0
  let listing = Promise.resolve()
  let waiting = false
  const again = (): void => {
    // Many changes come together, and the list shows them all.
    if (waiting) return
    waiting = true
    listing = listing.then(async () => {
      waiting = false
      if (stop.signal.aborted) return
      context.out(context.outColor ? CLEAR : '\n')
      code = await list(context, api, options)
      if (code !== 0) stop.abort()
    })
  }
  // From before the list on: what changes while it is made must not be missed.
  const newest = await askPage<{ readonly id: number }[]>(context, api, '/api/events?limit=1')
  if (typeof newest === 'number') return newest
  code = await list(context, api, options)
  if (code !== 0) return code
  const query = `?kind=router&since=${newest.answer[0]?.id ?? 0}`
  const ended = await followEvents(api, query, context, stop.signal, again)
  await listing
  if (ended === undefined) return code
  complain(context, ended, 'is Tidegate still running?')
  return 2
}
