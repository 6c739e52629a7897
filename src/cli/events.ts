import type { ApiConfig } from '../config/api.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { followEvents } from './event-stream.ts'
import type { StreamedEvent } from './event-stream.ts'
import { complain, INSPECT_EXIT, inspecting, printPage, whereToAsk } from './inspect.ts'
import type { InspectOptions } from './inspect.ts'
import { paint, printable } from './table.ts'

interface EventsOptions extends InspectOptions {
  readonly follow?: true
  readonly kind?: string
}

/** `tidegate events`: what has changed lately, and what changes now. */
export const eventsCommand: CommandFactory = (context, exit) =>
  inspecting('events', 'tell what has changed in the running process, the oldest first', EXAMPLES)
    .option('--follow', 'go on with what changes next, until stopped')
    .option('--kind <kinds>', 'only these, such as `endpoint,problem`')
    .action(async (flags: string[], options: EventsOptions) => exit(await events(context, flags, options)))

const EXAMPLES = `
Examples:
  tidegate events --kind=endpoint --configFile=/etc/tidegate/tidegate.yml
  tidegate events --follow --json --address=127.0.0.1:8081${INSPECT_EXIT}`

async function events(
  context: CliContext,
  flags: readonly string[],
  options: EventsOptions,
): Promise<number> {
  const api = await whereToAsk(context, flags, options)
  if (typeof api === 'number') return api
  const query = options.kind === undefined ? '' : `?kind=${encodeURIComponent(options.kind)}`
  if (options.follow) return follow(context, api, query, options)
  return printPage<StreamedEvent[]>(context, api, `/api/events${query}`, options, (found) =>
    found.length === 0 ? 'nothing has happened' : found.map((event) => line(event, context)).join('\n'),
  )
}

async function follow(
  context: CliContext,
  api: ApiConfig,
  query: string,
  { json }: EventsOptions,
): Promise<number> {
  const stop = new AbortController()
  context.onStop(() => stop.abort())
  const ended = await followEvents(api, query, context, stop.signal, (event) =>
    context.out(`${json ? JSON.stringify(event) : line(event, context)}\n`),
  )
  if (ended === undefined) return 0
  complain(context, ended, 'is Tidegate running, with the same `api.address`?')
  return 2
}

function line({ time, kind, message }: StreamedEvent, { outColor }: CliContext): string {
  return `${paint(time, 'dim', outColor)}  ${paint(kind.padEnd(10), 'cyan', outColor)}  ${printable(message)}`
}
