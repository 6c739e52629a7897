import type { Command } from 'commander'
import { printProblems } from '../config/excerpt.ts'
import { loadStaticConfig } from '../config/load.ts'
import type { LoadedStatic } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import { didYouMean } from '../config/suggest.ts'
import { allProviders, providerShapes } from '../provider-catalogue.ts'
import type { ProviderDefinitions } from '../provider-catalogue.ts'
import type { CliContext } from './context.ts'

export interface LoadedCli extends LoadedStatic {
  readonly definitions: ProviderDefinitions
}

/** The static configuration as flags, environment and file give it; prints nothing. */
export async function loadForCli(
  context: CliContext,
  flags: readonly string[],
  file?: string,
): Promise<LoadedCli> {
  const definitions = await allProviders()
  const { env, cpus } = context
  const readText = (path: string): Promise<string> => context.readText(path)
  const loaded = await loadStaticConfig({
    file,
    flags,
    env,
    cpus,
    readText,
    providers: providerShapes(definitions),
  })
  return { ...loaded, definitions }
}

/** A misspelt flag may be meant for the command itself, which its static options know nothing of. */
export function ownFlags(loaded: LoadedCli, command: Command): LoadedCli {
  const names = command.options.flatMap(({ long }) => long ?? [])
  const problems = loaded.problems.map((problem) => {
    const { key = '', source } = problem.origin
    const meant = source === 'flags' && problem.code === 'E101' && didYouMean(key, names)
    return meant ? { ...problem, remedy: meant } : problem
  })
  return { ...loaded, problems }
}

/** Prints problems to standard error, if there are any. */
export function report(context: CliContext, problems: readonly Problem[], limit?: number): void {
  if (problems.length === 0) return
  context.err(
    `${printProblems(problems, { color: context.color, ...(limit === undefined ? {} : { limit }) })}\n`,
  )
}

/** `2 errors and 1 warning` */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const parts = [plural(errors, 'error'), plural(problems.length - errors, 'warning')]
  return parts.filter((part) => part !== '').join(' and ')
}

function plural(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`
}
