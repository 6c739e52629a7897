import { Command } from 'commander'
import { stat } from 'node:fs/promises'
import { withExcerpts } from '../config/excerpt.ts'
import { CONFIG_EXTENSIONS, parseConfigText } from '../config/file.ts'
import type { Problem } from '../config/problem.ts'
import { checkRouting } from './check-routing.ts'
import type { RoutingTarget } from './check-routing.ts'
import type { CliContext, CommandFactory } from './context.ts'
import { countProblems, loadForCli, report } from './static-config.ts'

/** `tidegate check`: all that is wrong with the configuration, at once and before it is live. */
export const checkCommand: CommandFactory = (context, exit) =>
  new Command('check')
    .description('report everything that is wrong with the configuration; exit code 0 or 1')
    .usage('[FILE-OR-DIRECTORY …] [--any.static.option=VALUE …]')
    .argument('[arguments...]', 'static or dynamic files, or directories of dynamic ones; then flags')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action(async (args: string[]) => exit(await check(context, args)))

const EXAMPLES = `
Examples:
  tidegate check --configFile=/etc/tidegate/tidegate.yml
  tidegate check routes.yml /etc/tidegate/dynamic/`

async function check(context: CliContext, args: readonly string[]): Promise<number> {
  const firstFlag = args.findIndex((arg) => arg.startsWith('-'))
  const split = firstFlag === -1 ? args.length : firstFlag
  const { staticFile, dynamic } = await sortPaths(context, args.slice(0, split))
  const loaded = await loadForCli(context, args.slice(split), staticFile)
  const problems = [...loaded.problems]
  const routing =
    loaded.config && (await checkRouting({ ...loaded, config: loaded.config, targets: dynamic }))
  if (routing) problems.push(...(await explained(context, routing.problems)))
  report(context, problems)
  const valid = !problems.some(({ severity }) => severity === 'error')
  const read = [...(loaded.file === undefined ? [] : [loaded.file]), ...dynamic.map(({ path }) => path)]
  const subject = read.length === 0 ? 'the configuration' : read.join(', ')
  if (problems.length > 0) context.err('\n')
  if (valid)
    context.out(
      `${subject}: valid${problems.length === 0 ? '' : `, with ${countProblems(problems)}`}${routing?.summary ?? ''}\n`,
    )
  else context.err(`${subject}: ${countProblems(problems)}\n`)
  return valid ? 0 : 1
}

interface SortedPaths {
  readonly staticFile: string | undefined
  readonly dynamic: readonly RoutingTarget[]
}

/** Which of the paths is the static file, and which hold routes. A static file among several is the last one. */
async function sortPaths(context: CliContext, paths: readonly string[]): Promise<SortedPaths> {
  const dynamic: RoutingTarget[] = []
  let staticFile: string | undefined
  for (const path of paths) {
    const directory = await isDirectory(path)
    if (directory || (await holdsRoutes(context, path))) dynamic.push({ path, directory })
    else staticFile = path
  }
  return { staticFile, dynamic }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

const DYNAMIC_KEYS: ReadonlySet<string> = new Set(['http', 'tcp', 'udp', 'tls', 'instances'])

/** A file that cannot be read is left to the static loader, which says why. */
async function holdsRoutes(context: CliContext, path: string): Promise<boolean> {
  if (!CONFIG_EXTENSIONS.some((extension) => path.toLowerCase().endsWith(`.${extension}`))) return false
  const text = await context.readText(path).catch(() => '')
  const { node } = parseConfigText(text, path)
  return (
    node?.kind === 'section' && [...node.entries.keys()].some((key) => DYNAMIC_KEYS.has(key.toLowerCase()))
  )
}

/** The source lines are read only for files that something is wrong with. */
async function explained(context: CliContext, problems: readonly Problem[]): Promise<Problem[]> {
  const sources = new Set(
    problems.flatMap(({ origin }) => (origin.line === undefined ? [] : [origin.source])),
  )
  const texts = new Map<string, string>()
  for (const source of sources) {
    const text = await context.readText(source).catch(() => undefined)
    if (text !== undefined) texts.set(source, text)
  }
  return withExcerpts(problems, texts)
}
