import { Command } from 'commander'
import { ownVersion } from '../version.ts'
import type { CommandFactory } from './context.ts'

/** `tidegate version` */
export const versionCommand: CommandFactory = (context, exit) =>
  new Command('version')
    .description('print the versions of Tidegate and Node.js')
    .addHelpText('after', '\nExamples:\n  tidegate version\n  tidegate --version\n\nExit code: 0.')
    .action(() => {
      context.out(`${versionLine()}\n`)
      exit(0)
    })

/** `tidegate 1.2.3 (Node.js 26.10.0)` */
export function versionLine(): string {
  return `tidegate ${ownVersion()} (Node.js ${process.versions.node})`
}
