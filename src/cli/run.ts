import { Command } from 'commander'
import type { App } from '../running-app.ts'
import { ConfigurationError } from '../config/problem.ts'
import type { StaticConfig } from '../config/static.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { countProblems, loadForCli, report } from './static-config.ts'

/** `tidegate run`: serves until it is told to stop. */
export const runCommand: CommandFactory = (context, exit) =>
  new Command('run')
    .description('route requests until told to stop (also without any command)')
    .usage('[--configFile=FILE] [--any.static.option=VALUE …]')
    .argument('[flags...]', 'static options, each as `--name=value`')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action(async (flags: string[]) => exit(await run(context, flags)))

const EXAMPLES = `
Examples:
  tidegate run --configFile=/etc/tidegate/tidegate.yml
  tidegate run --entryPoints.web.address=:8080 --providers.consulCatalog.endpoint.address=127.0.0.1:8500

Options come from a file, then TIDEGATE_… variables, then flags; the later wins.
Signals: SIGTERM and SIGINT stop gracefully, a second one at once; SIGHUP reads files again; SIGUSR1 opens logs again.

Exit code: 0 stopped when told to, 1 it could not start; a second signal ends it with 130 or 143.`

async function run(context: CliContext, flags: readonly string[]): Promise<number> {
  const stop = Promise.withResolvers<void>()
  context.onStop(() => stop.resolve())
  const loaded = await loadForCli(context, flags)
  report(context, loaded.problems)
  if (!loaded.config) {
    context.err(`\ntidegate does not start: ${countProblems(loaded.problems)} in the configuration\n`)
    return 1
  }
  return serve(context, loaded.config, stop.promise)
}

async function serve(context: CliContext, config: StaticConfig, stopped: Promise<void>): Promise<number> {
  try {
    // Everything that serves is loaded only now: other commands need none of it.
    const [{ startApp }, { inheritedSockets }] = await Promise.all([
      import('../app.ts'),
      import('../server/inherited-sockets.ts'),
    ])
    const { sockets: inherited, problems } = inheritedSockets(context.env, context.pid)
    if (problems.some(({ severity }) => severity === 'error')) throw new ConfigurationError(problems)
    report(context, problems)
    // A signal that comes while the app starts must not kill it; sources and logs are fresh then anyway.
    let running: App | undefined = undefined
    context.onReload(() => running?.reload())
    context.onReopen(() => running?.reopenLogs())
    await using app = await startApp({ config, inherited })
    running = app
    await stopped
    await app.stop()
    return 0
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    report(context, error.problems)
    context.err('\ntidegate does not start\n')
    return 1
  }
}
