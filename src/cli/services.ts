import type { CommandFactory } from './context.ts'
import { INSPECT_EXIT, inspecting, printPage, whereToAsk } from './inspect.ts'
import type { InspectOptions } from './inspect.ts'
import { statusCell } from './states.ts'
import { table } from './table.ts'

/** `tidegate services`: what answers behind the routers. */
export const servicesCommand: CommandFactory = (context, exit) =>
  inspecting('services', 'list the services of the running process', EXAMPLES).action(
    async (flags: string[], options: InspectOptions) => {
      const api = await whereToAsk(context, flags, options)
      if (typeof api === 'number') return exit(api)
      const render = (services: readonly ServiceInfo[]): string =>
        services.length === 0
          ? 'there are no services'
          : table(HEADS, services.map(rowOf), { width: context.width, color: context.outColor })
      exit(await printPage(context, api, '/api/http/services?per_page=1000000', options, render))
    },
  )

const EXAMPLES = `
Examples:
  tidegate services --configFile=/etc/tidegate/tidegate.yml
  tidegate services --json --address=127.0.0.1:8081${INSPECT_EXIT}`

interface ServiceInfo {
  readonly name: string
  readonly status: string
  readonly type?: string
  readonly usedBy?: readonly string[]
  readonly serverStatus?: Readonly<Record<string, string>>
}

const HEADS = ['SERVICE', 'KIND', 'UP', 'USED BY', 'STATUS']

function rowOf({ name, status, type = 'internal', usedBy = [], serverStatus }: ServiceInfo) {
  const states = Object.values(serverStatus ?? {})
  const up = states.filter((state) => state === 'UP').length
  const style = up === states.length ? undefined : up === 0 ? ('red' as const) : ('yellow' as const)
  const count = type === 'loadbalancer' ? `${up} of ${states.length}` : ''
  return [name, type, { text: count, style }, usedBy.join(', '), statusCell(status)]
}
