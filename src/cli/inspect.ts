import { Command } from 'commander'
import type { ApiConfig } from '../config/api.ts'
import { readAdmin } from './admin-client.ts'
import type { CliContext } from './context.ts'
import { loadForCli, report } from './static-config.ts'

/** What all commands that ask a running process understand. */
export interface InspectOptions {
  readonly json?: true
  readonly address?: string
  readonly token?: string
}

export const INSPECT_EXIT = `

Exit code: 0 asked, 1 refused, 2 nobody there.`

/** A command that asks a running process and changes nothing. */
export function inspecting(name: string, description: string, after: string): Command {
  return new Command(name)
    .description(description)
    .usage('[options] [--configFile=FILE] [--any.static.option=VALUE …]')
    .argument('[flags...]', 'the same static options that `run` was given')
    .option('--json', 'print what the admin API answers')
    .option('--address <host:port>', 'where the admin API is, instead of what the configuration says')
    .option('--token <token>', 'what it is asked with, instead of what the configuration says')
    .allowUnknownOption()
    .addHelpText('after', after)
}

/** Where to ask; a number is the exit code when that cannot be known, which has been said. */
export async function whereToAsk(
  context: CliContext,
  flags: readonly string[],
  options: InspectOptions,
): Promise<ApiConfig | number> {
  const { config, problems } = await loadForCli(context, [...flags, ...flagsOf(options)])
  if (!config) {
    report(context, problems)
    return 1
  }
  if (config.api) return config.api
  complain(
    context,
    '`api` is not configured, so nobody answers',
    'start Tidegate with `--api`, and this command with the same configuration or `--address=HOST:PORT`',
  )
  return 1
}

/** What a page answers; a number is the exit code when it does not, which has been said. */
export async function askPage<T>(
  context: CliContext,
  api: ApiConfig,
  path: string,
): Promise<{ readonly answer: T } | number> {
  const called = await readAdmin(api, path, context)
  if (called.outcome === 'done') return { answer: called.answer as T }
  complain(context, called.error, called.remedy)
  return called.outcome === 'refused' ? 1 : 2
}

/** Asks for one page and prints it: as it is with `--json`, else as `render` makes it. Gives the exit code. */
export async function printPage<T>(
  context: CliContext,
  api: ApiConfig,
  path: string,
  { json }: InspectOptions,
  render: (answer: T) => string,
): Promise<number> {
  const asked = await askPage<T>(context, api, path)
  if (typeof asked === 'number') return asked
  context.out(`${json ? JSON.stringify(asked.answer, null, 2) : render(asked.answer)}\n`)
  return 0
}

export function complain(context: CliContext, error: string, remedy: string): void {
  context.err(`${error}\n  → ${remedy}\n`)
}

/** `--address` also takes a URL with the base path behind. */
function flagsOf({ address, token }: InspectOptions): string[] {
  const flags: string[] = []
  if (address !== undefined) {
    const [, place = address, path = ''] = /^(?:https?:\/\/)?([^/]+)(\/.*)?$/i.exec(address) ?? []
    flags.push(`--api.address=${place}`)
    if (path.replaceAll('/', '') !== '') flags.push(`--api.basePath=${path}`)
  }
  if (token !== undefined) flags.push(`--api.token=${token}`)
  return flags
}
