import { Command } from 'commander'
import { didYouMean } from '../config/suggest.ts'
import { callAdmin } from './admin-client.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { loadForCli, report } from './static-config.ts'

/** `tidegate log-level`: more or less in the log of the running process, until its next start. */
export const logLevelCommand: CommandFactory = (context, exit) =>
  new Command('log-level')
    .description('have the running process log more or less')
    .usage('LEVEL [--configFile=FILE] [--any.static.option=VALUE …]')
    .argument('<level>', LEVELS.join(', '))
    .argument('[flags...]', 'the same static options that `run` was given')
    .option('--for <duration>', 'how long, such as `5m`; otherwise until the process ends')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action(async (level: string, flags: string[], options: { for?: string }) =>
      exit(await logLevel(context, level, options.for, flags)),
    )

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

const EXAMPLES = `
Examples:
  tidegate log-level debug --for=5m --configFile=/etc/tidegate/tidegate.yml
  tidegate log-level info --api --api.tokenFile=/run/secrets/tidegate

It holds until the process ends; \`log.level\` decides at the next start.

Exit code: 0 done, 1 refused, 2 nobody there.`

async function logLevel(
  context: CliContext,
  word: string,
  time: string | undefined,
  flags: readonly string[],
): Promise<number> {
  const level = word.toLowerCase()
  if (!LEVELS.includes(level)) {
    context.err(
      `there is no level \`${word}\`\n  → ${didYouMean(word, LEVELS) ?? `levels are ${LEVELS.join(', ')}`}\n`,
    )
    return 1
  }
  const { config, problems } = await loadForCli(context, flags)
  if (!config) {
    report(context, problems)
    return 1
  }
  if (!config.api) {
    context.err(
      '`api` is not configured, so nobody answers\n  → start Tidegate with `--api` and a token, and this command, too\n',
    )
    return 1
  }
  const called = await callAdmin(
    config.api,
    '/api/log-level',
    { level, ...(time === undefined ? {} : { for: time }) },
    context,
  )
  if (called.outcome === 'done') {
    context.out(`log level: ${level}${time === undefined ? '' : ` for ${time}`}\n`)
    return 0
  }
  context.err(`${called.error}\n  → ${called.remedy}\n`)
  return called.outcome === 'refused' ? 1 : 2
}
