import { Command } from 'commander'
import type { CommandFactory } from './context.ts'

/** `tidegate help COMMAND`: listed here, and read as `COMMAND --help`. */
export const helpCommand: CommandFactory = (_, exit) =>
  new Command('help')
    .description('explain a command')
    .argument('[command...]', 'words of the command')
    .addHelpText('after', EXAMPLES)
    .action(() => exit(0))

const EXAMPLES = `
Examples:
  tidegate help check
  tidegate help config show

Exit code: 0 explained, 1 there is no such command.`

/** What `help` asks for, as arguments of the program. */
export function helpTarget(words: readonly string[]): string[] {
  const flags = words.filter((word) => word.startsWith('-'))
  if (flags.length > 0) return ['help', '--help']
  return [...words, '--help']
}
