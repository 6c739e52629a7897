import { Command } from 'commander'
import { callAdmin } from './admin-client.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { loadForCli, report } from './static-config.ts'

const EXIT = `

Exit code: 0 done, 1 refused, 2 nobody there.`

/** `tidegate drain`: takes an endpoint out until `undrain`, without losing a request. */
export const drainCommand: CommandFactory = (context, exit) =>
  operate('drain', 'send nothing new to an endpoint, until `undrain`')
    .option('--reason <text>', 'why, as it is shown with the endpoint')
    .addHelpText('after', DRAIN_EXAMPLES)
    .action(async (args: string[], { reason = '' }: { reason?: string }) =>
      exit(await ask(context, 'drain', args, { reason })),
    )

const DRAIN_EXAMPLES = `
SERVICE is a full name such as \`whoami@file\`, or \`whoami\` where that is unique.
ENDPOINT is a key, URL, \`host:port\` or instance, as /api/endpoints lists them.

Examples:
  tidegate drain whoami 10.0.0.5:8080 --reason="new disk" --configFile=/etc/tidegate/tidegate.yml
  tidegate drain whoami@consulcatalog node-1/whoami-1 --api.address=127.0.0.1:8081 --api.tokenFile=token

What is in flight finishes, within the service's \`drainTimeout\`. Changes of configuration do not end the drain.${EXIT}`

/** `tidegate undrain`: takes `drain` back. */
export const undrainCommand: CommandFactory = (context, exit) =>
  operate('undrain', 'send requests to an endpoint again')
    .addHelpText('after', UNDRAIN_EXAMPLES)
    .action(async (args: string[]) => exit(await ask(context, 'undrain', args, {})))

const UNDRAIN_EXAMPLES = `
Examples:
  tidegate undrain whoami 10.0.0.5:8080 --configFile=/etc/tidegate/tidegate.yml
  tidegate undrain whoami@file http://10.0.0.5:8080 --api.tokenFile=token${EXIT}`

function operate(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .usage('SERVICE ENDPOINT [--configFile=FILE] [--any.static.option=VALUE …]')
    .argument('[arguments...]', 'service and endpoint; then the same static options that `run` was given')
    .allowUnknownOption()
}

async function ask(
  context: CliContext,
  action: 'drain' | 'undrain',
  [service = '', endpoint = '', ...flags]: readonly string[],
  more: Readonly<Record<string, string>>,
): Promise<number> {
  if ([service, endpoint].some((word) => word === '' || word.startsWith('-'))) {
    complain(
      context,
      'service and endpoint are missing',
      `write \`tidegate ${action} SERVICE ENDPOINT\`, then flags`,
    )
    return 1
  }
  const { config, problems } = await loadForCli(context, flags)
  if (!config) {
    report(context, problems)
    return 1
  }
  if (!config.api) {
    complain(
      context,
      '`api` is not configured, so nobody answers',
      'start Tidegate with `--api` and a token, and this command, too',
    )
    return 1
  }
  const called = await callAdmin(
    config.api,
    `/api/endpoints/${action}`,
    { service, endpoint, ...more },
    context,
  )
  if (called.outcome === 'done') {
    context.out(`${describe(called.answer)}\n`)
    return 0
  }
  complain(context, called.error, called.remedy)
  return called.outcome === 'refused' ? 1 : 2
}

function describe(answer: unknown): string {
  const { service, key, url = key, state, reason } = answer as Readonly<Record<string, string>>
  return state === undefined
    ? `${url} of ${service}: no longer drained`
    : `${url} of ${service}: ${state} (${reason})`
}

function complain(context: CliContext, error: string, remedy: string): void {
  context.err(`${error}\n  → ${remedy}\n`)
}
