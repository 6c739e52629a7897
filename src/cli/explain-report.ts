import type { Explanation } from '../explain/explain.ts'
import type { ExplainedService } from '../explain/explain-service.ts'
import { statusCell } from './states.ts'
import { paint, printable, table } from './table.ts'
import type { Style, TableOptions } from './table.ts'

/** Losers that are shown; `--json` has all. */
const MOST_LOSERS = 10

/** An explanation for people: what becomes of the request in the first line, then how that comes about. */
export function explainReport(explanation: Explanation, options: TableOptions): string {
  const { verdict, outcome } = explanation
  const style: Style = outcome === 'served' || outcome === 'answered' ? 'green' : 'red'
  return [
    paint(printable(verdict), style, options.color),
    '',
    ...requestLines(explanation),
    ...routerLines(explanation, options),
    ...loserLines(explanation, options),
    ...middlewareLines(explanation, options),
    ...serviceLines(explanation, options),
    ...explanation.notes.map((note) => `note: ${printable(note)}`),
  ].join('\n')
}

function requestLines({ request, entryPoint }: Explanation): string[] {
  const { method, scheme, host, path, query, clientAddress } = request
  return [
    `request      ${method} ${scheme}://${host}${printable(path + query)} from ${clientAddress}`,
    `entry point  ${entryPoint}`,
  ]
}

function routerLines({ router }: Explanation, { color }: TableOptions): string[] {
  if (!router) return [`router       ${paint('none', 'red', color)}`]
  const { name, rule, priority, priorityIs, why } = router
  return [
    `router       ${paint(printable(name), 'bold', color)}: ${printable(rule)}`,
    `             priority ${priority} (${priorityIs}); ${printable(why)}`,
  ]
}

function loserLines({ losers, otherRouters }: Explanation, { color }: TableOptions): string[] {
  const shown = losers
    .slice(0, MOST_LOSERS)
    .flatMap(({ name, rule, priority, why }, i) => [
      `${i === 0 ? 'not taken' : '         '}    ${paint(printable(name), 'bold', color)}: ${printable(rule)} (priority ${priority})`,
      `             ${printable(why)}`,
    ])
  const rest = otherRouters + Math.max(0, losers.length - MOST_LOSERS)
  return rest === 0
    ? shown
    : [
        ...shown,
        `             ${rest} more ${rest === 1 ? 'router has' : 'routers have'} nothing to do with it`,
      ]
}

function middlewareLines({ middlewares }: Explanation, { color }: TableOptions): string[] {
  return middlewares.flatMap(({ name, type, effect, options, here, answers }, i) => {
    const chosen = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    return [
      `${i === 0 ? 'middlewares' : '           '}  ${i + 1}. ${paint(printable(name), 'bold', color)} (${type}): ${printable(effect)}`,
      ...(chosen.length === 0 ? [] : [`                ${printable(chosen.join(', '))}`]),
      ...(here === undefined
        ? []
        : [`                here: ${printable(here)}${answers ? '; nothing behind it is reached' : ''}`]),
    ]
  })
}

function serviceLines({ service }: Explanation, options: TableOptions): string[] {
  return service ? serviceTree(service, 'service      ', options) : []
}

function serviceTree(service: ExplainedService, lead: string, options: TableOptions): string[] {
  const indent = ' '.repeat(lead.length)
  const { name, kind, says, endpoints = [], services = [] } = service
  return [
    `${lead}${paint(printable(name), 'bold', options.color)} (${kind}): ${printable(says)}`,
    ...endpointTable(endpoints, { ...options, width: options.width - indent.length }).map(
      (line) => indent + line,
    ),
    ...services.flatMap(({ part, service: child }) => serviceTree(child, `${indent}${part}: `, options)),
  ]
}

function endpointTable(
  endpoints: NonNullable<ExplainedService['endpoints']>,
  options: TableOptions,
): string[] {
  if (endpoints.length === 0) return []
  const named = endpoints.some(({ instance }) => instance !== undefined)
  const rows = endpoints.map(({ url, instance = '', state, weight, eligible, why }) => [
    { text: eligible ? 'yes' : 'no', style: eligible ? ('green' as const) : ('red' as const) },
    url,
    ...(named ? [instance] : []),
    statusCell(state),
    String(weight),
    why,
  ])
  const heads = ['ASKED', 'URL', ...(named ? ['INSTANCE'] : []), 'STATE', 'WEIGHT', 'WHY']
  return table(heads, rows, { ...options, wrapLast: true }).split('\n')
}
