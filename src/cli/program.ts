import { Command, CommanderError } from 'commander'
import { checkCommand } from './check.ts'
import { completionCommand } from './completion.ts'
import { configCommand } from './config.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { drainCommand, undrainCommand } from './drain.ts'
import { endpointsCommand } from './endpoints.ts'
import { eventsCommand } from './events.ts'
import { explainCommand } from './explain.ts'
import { healthcheckCommand } from './healthcheck.ts'
import { helpCommand, helpTarget } from './help.ts'
import { logLevelCommand } from './log-level.ts'
import { migrateCommand } from './migrate.ts'
import { problemsCommand } from './problems.ts'
import { providersCommand } from './providers.ts'
import { routesCommand } from './routes.ts'
import { runCommand } from './run.ts'
import { servicesCommand } from './services.ts'
import { unknownWord } from './unknown-word.ts'
import { versionCommand, versionLine } from './version.ts'
import { whoamiCommand } from './whoami.ts'

/** All commands, by what one wants to do, in the order in which help lists them. */
const GROUPS: readonly (readonly [heading: string, commands: readonly CommandFactory[]])[] = [
  ['Run:', [runCommand, whoamiCommand]],
  ['Configure:', [checkCommand, configCommand, migrateCommand, completionCommand]],
  ['Operate:', [drainCommand, undrainCommand, logLevelCommand]],
  [
    'Inspect:',
    [
      explainCommand,
      problemsCommand,
      routesCommand,
      servicesCommand,
      endpointsCommand,
      providersCommand,
      eventsCommand,
      healthcheckCommand,
      versionCommand,
      helpCommand,
    ],
  ],
]

/** Flags of the program itself; any other flag without a command belongs to `run`. */
const OWN_FLAGS = new Set(['-h', '--help', '-V', '--version'])

/** Runs the command that `args` name (no command: `run`) to its end, and gives the exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code = 0
  const program = createProgram(context, (value) => (code = value))
  const asked = args[0] === 'help' ? helpTarget(args.slice(1)) : args
  const unknown = unknownWord(asked, program)
  if (unknown !== undefined) {
    context.err(`${unknown}\n`)
    return 1
  }
  try {
    await program.parseAsync(isForRun(asked[0]) ? ['run', ...asked] : [...asked], { from: 'user' })
    return code
  } catch (error) {
    // Help and version end this way, too; commander has printed what there is to say.
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

/** The whole tree of commands; also for what is generated from it: completion and the reference. */
export function createProgram(context: CliContext, exit: (code: number) => void): Command {
  const program = new Command('tidegate')
    .description('Edge router and service-discovery sidecar that deploys without losing a request.')
    .usage('[command] [options]')
    .version(versionLine(), '-V, --version', 'print the versions of Tidegate and Node.js')
    .helpOption('-h, --help', 'explain the program or a command')
    .helpCommand(false)
  for (const [heading, commands] of GROUPS) {
    program.commandsGroup(heading)
    for (const create of commands) program.addCommand(create(context, exit))
  }
  program.addHelpText('after', EXAMPLES)
  settle(program, context)
  return program
}

const EXAMPLES = `
Examples:
  tidegate --configFile=tidegate.yml
  tidegate check && tidegate run --log.level=debug

Without a command, \`run\` is meant. Every static option is a flag, too: --entryPoints.web.address=:8080
\`tidegate help COMMAND\` explains a command. Colours are left out where NO_COLOR is set.

Exit code: 0 done, 1 refused or wrong; each command says what else there is.`

function settle(command: Command, context: CliContext): void {
  command
    .exitOverride()
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.err(text),
      getOutHelpWidth: () => context.width,
      getErrHelpWidth: () => context.width,
      getOutHasColors: () => context.outColor,
      getErrHasColors: () => context.color,
    })
    .configureHelp({ styleTitle: (title) => (context.outColor ? `\u001B[1m${title}\u001B[22m` : title) })
  for (const inner of command.commands) settle(inner, context)
}

function isForRun(first: string | undefined): boolean {
  return first === undefined || (first.startsWith('-') && !OWN_FLAGS.has(first))
}
