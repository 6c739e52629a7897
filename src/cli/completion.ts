import { Argument, Command } from 'commander'
import type { CommandFactory } from './context.ts'

/** `tidegate completion`: what the shell offers on the tabulator key. */
export const completionCommand: CommandFactory = (context, exit) => {
  const command: Command = new Command('completion')
    .description('print what has the shell complete commands and flags')
    .addArgument(new Argument('<shell>', 'for which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('./completion-script.ts')
      context.out(completionScript(shell, command.parent!))
      exit(0)
    })
  return command
}

const EXAMPLES = `
Examples:
  tidegate completion bash > /etc/bash_completion.d/tidegate
  tidegate completion fish > ~/.config/fish/completions/tidegate.fish

For zsh: tidegate completion zsh > "\${fpath[1]}/_tidegate"

Exit code: 0.`
