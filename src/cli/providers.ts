import type { CommandFactory } from './context.ts'
import { INSPECT_EXIT, inspecting, printPage, whereToAsk } from './inspect.ts'
import type { InspectOptions } from './inspect.ts'
import { ageText, statusCell } from './states.ts'
import { table } from './table.ts'

/** `tidegate providers`: how the sources of services are doing. */
export const providersCommand: CommandFactory = (context, exit) =>
  inspecting('providers', 'show how the providers of the running process are doing', EXAMPLES).action(
    async (flags: string[], options: InspectOptions) => {
      const api = await whereToAsk(context, flags, options)
      if (typeof api === 'number') return exit(api)
      const render = (providers: readonly ProviderInfo[]): string =>
        providers.length === 0
          ? 'there are no providers'
          : table(HEADS, providers.map(rowOf), { width: context.width, color: context.outColor })
      exit(await printPage(context, api, '/api/providers', options, render))
    },
  )

const EXAMPLES = `
Examples:
  tidegate providers --configFile=/etc/tidegate/tidegate.yml
  tidegate providers --json --address=127.0.0.1:8081${INSPECT_EXIT}`

interface ProviderInfo {
  readonly name: string
  readonly state: string
  readonly age?: number
  readonly instances: number
  readonly unproven: number
  readonly heldBack: number
  readonly lastError?: { readonly message: string }
  readonly problems: readonly unknown[]
}

const HEADS = ['PROVIDER', 'STATE', 'LAST ANSWER', 'INSTANCES', 'IN DOUBT', 'PROBLEMS', 'LAST ERROR']

function rowOf({ name, state, age, instances, unproven, heldBack, lastError, problems }: ProviderInfo) {
  const answered = age === undefined ? 'never' : `${ageText(age)} ago`
  const doubt = String(unproven + heldBack)
  const error = lastError?.message ?? ''
  return [name, statusCell(state), answered, String(instances), doubt, String(problems.length), error]
}
