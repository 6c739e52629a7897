import { Command, CommanderError } from 'commander'
import { suggest } from '../config/suggest.ts'
import { checkCommand } from './check.ts'
import type { CliContext } from './context.ts'
import { endpointsCommand } from './endpoints.ts'
import { eventsCommand } from './events.ts'
import { explainCommand } from './explain.ts'
import { problemsCommand } from './problems.ts'
import { providersCommand } from './providers.ts'
import { routesCommand } from './routes.ts'
import { servicesCommand } from './services.ts'
import { drainCommand, undrainCommand } from './drain.ts'
import { healthcheckCommand } from './healthcheck.ts'
import { runCommand } from './run.ts'
import { versionCommand, versionLine } from './version.ts'
import { whoamiCommand } from './whoami.ts'

/** Flags of the program itself; any other flag without a command belongs to `run`. */
const OWN_FLAGS = new Set(['-h', '--help', '-V', '--version'])

/** Runs the command that `args` name (no command: `run`) to its end, and gives the exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code = 0
  const program = createProgram(context, (value) => (code = value))
  const unknown = unknownCommand(args[0], program)
  if (unknown !== undefined) {
    context.err(`${unknown}\n`)
    return 1
  }
  try {
    await program.parseAsync(isForRun(args[0]) ? ['run', ...args] : [...args], { from: 'user' })
    return code
  } catch (error) {
    // Help and version end this way, too; commander has printed what there is to say.
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

function createProgram(context: CliContext, exit: (code: number) => void): Command {
  const program = new Command('tidegate')
    .description('Edge router and service-discovery sidecar that deploys without losing a request.')
    .usage('[command] [options]')
    .version(versionLine(), '-V, --version', 'print the versions of Tidegate and Node.js')
    .helpOption('-h, --help', 'explain the program or a command')
    .helpCommand(false)
    .commandsGroup('Run:')
  program.addCommand(runCommand(context, exit))
  program.addCommand(whoamiCommand(context, exit))
  program.commandsGroup('Configure:')
  program.addCommand(checkCommand(context, exit))
  program.commandsGroup('Operate:')
  program.addCommand(drainCommand(context, exit))
  program.addCommand(undrainCommand(context, exit))
  program.commandsGroup('Inspect:')
  program.addCommand(explainCommand(context, exit))
  program.addCommand(problemsCommand(context, exit))
  program.addCommand(routesCommand(context, exit))
  program.addCommand(servicesCommand(context, exit))
  program.addCommand(endpointsCommand(context, exit))
  program.addCommand(providersCommand(context, exit))
  program.addCommand(eventsCommand(context, exit))
  program.addCommand(healthcheckCommand(context, exit))
  program.addCommand(versionCommand(context, exit))
  program.addHelpText('after', EXAMPLES)
  for (const command of [program, ...program.commands]) settle(command, context)
  return program
}

const EXAMPLES = `
Examples:
  tidegate --configFile=tidegate.yml
  tidegate check && tidegate run --log.level=debug

Without a command, \`run\` is meant. Every static option is a flag, too: --entryPoints.web.address=:8080`

function settle(command: Command, context: CliContext): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => context.out(text),
    writeErr: (text) => context.err(text),
    getOutHelpWidth: () => context.width,
    getErrHelpWidth: () => context.width,
    getOutHasColors: () => context.color,
    getErrHasColors: () => context.color,
  })
}

function isForRun(first: string | undefined): boolean {
  return first === undefined || (first.startsWith('-') && !OWN_FLAGS.has(first))
}

/** The complaint about a word that is no command, or undefined. */
function unknownCommand(word: string | undefined, program: Command): string | undefined {
  const names = program.commands.map((command) => command.name())
  if (word === undefined || word.startsWith('-') || names.includes(word)) return undefined
  const near = suggest(word, names)
  const remedy =
    near === undefined ? `the commands are ${names.join(', ')}` : `did you mean \`tidegate ${near}\`?`
  return `unknown command \`${word}\`\n  → ${remedy}`
}
