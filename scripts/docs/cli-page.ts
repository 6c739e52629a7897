import type { Command } from 'commander'
import type { CliContext } from '../../src/cli/context.ts'
import { createProgram } from '../../src/cli/program.ts'

/** Each command in the order of help: its heading, and what `--help` prints. */
export function cliSections(): string[] {
  let text = ''
  const program = createProgram({ ...NOWHERE, out: (part) => void (text += part) }, () => {})
  const helpOf = (command: Command): string => {
    text = ''
    command.outputHelp()
    return text.trimEnd()
  }
  return commandsOf(program).map(([level, path, command]) => {
    const heading = `${'#'.repeat(level + 2)} ${path === '' ? 'tidegate' : `tidegate ${path}`}`
    return `${heading}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``
  })
}

function commandsOf(command: Command, level = 0, path = ''): [number, string, Command][] {
  const inner = command.commands.flatMap((one) =>
    commandsOf(one, level === 0 ? 0 : level + 1, path === '' ? one.name() : `${path} ${one.name()}`),
  )
  return [[level, path, command], ...inner]
}

const NOWHERE: CliContext = {
  env: {},
  pid: 1,
  cpus: 1,
  color: false,
  outColor: false,
  width: 100,
  out: () => {},
  err: () => {},
  readText: () => Promise.reject(new Error('nothing is read')),
  onStop: () => {},
  onReload: () => {},
  onReopen: () => {},
}
