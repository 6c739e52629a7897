import { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
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

function ownVersion(): string {
  const path = findPackageJSON('..', import.meta.url)
  if (path === undefined) return 'unknown'
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
