import type { CommandFactory } from './context.ts'
import { INSPECT_EXIT, inspecting, printPage, whereToAsk } from './inspect.ts'
import type { InspectOptions } from './inspect.ts'
import { ageText, statusCell } from './states.ts'
import { table } from './table.ts'

interface EndpointsOptions extends InspectOptions {
  readonly service?: string
}

/** `tidegate endpoints`: where requests go, and what keeps an endpoint out. */
export const endpointsCommand: CommandFactory = (context, exit) =>
  inspecting('endpoints', 'list the endpoints of the running process with their states', EXAMPLES)
    .option('--service <name>', 'only those of this service, by its full name')
    .action(async (flags: string[], options: EndpointsOptions) => {
      const api = await whereToAsk(context, flags, options)
      if (typeof api === 'number') return exit(api)
      const { service } = options
      const query = service === undefined ? '' : `?service=${encodeURIComponent(service)}`
      const render = (endpoints: readonly EndpointInfo[]): string =>
        endpoints.length === 0
          ? 'there are no endpoints'
          : table(HEADS, endpoints.map(rowOf), { width: context.width, color: context.outColor })
      exit(await printPage(context, api, `/api/endpoints${query}`, options, render))
    })

const EXAMPLES = `
Examples:
  tidegate endpoints --configFile=/etc/tidegate/tidegate.yml
  tidegate endpoints --service=whoami@file --address=127.0.0.1:8081${INSPECT_EXIT}`

interface EndpointInfo {
  readonly service: string
  readonly url: string
  readonly instance?: string
  readonly state: string
  readonly reason: string
  readonly since: string
  readonly weight: number
  readonly foundWeight?: number
}

const HEADS = ['SERVICE', 'URL', 'INSTANCE', 'STATE', 'SINCE', 'WEIGHT', 'REASON']

function rowOf({ service, url, instance = '', state, reason, since, weight, foundWeight }: EndpointInfo) {
  const share = foundWeight === undefined ? String(weight) : `${weight} (not ${foundWeight})`
  return [service, url, instance, statusCell(state), ageText(Date.now() - Date.parse(since)), share, reason]
}
