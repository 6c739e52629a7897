import { Command, Option } from 'commander'
import { stat } from 'node:fs/promises'
import { parseDuration } from '../config/duration.ts'
import { withExcerpts } from '../config/excerpt.ts'
import { CONFIG_EXTENSIONS, parseConfigText } from '../config/file.ts'
import { docsOf } from '../config/problem.ts'
import type { Problem, ProblemCode } from '../config/problem.ts'
import type { StaticConfig } from '../config/static.ts'
import { checkAsGithub, checkAsJson } from './check-report.ts'
import type { CheckOutcome } from './check-report.ts'
import type { RoutingTarget } from './check-routing.ts'
import type { Compared, Planned } from './compare-running.ts'
import type { CliContext, CommandFactory } from './context.ts'
import type { RoutingDiff } from './routing-diff.ts'
import { countProblems, loadForCli, ownFlags, report } from './static-config.ts'
import type { LoadedCli } from './static-config.ts'

interface CheckOptions {
  readonly providers?: true
  readonly diff?: true | string
  readonly format: 'text' | 'json' | 'github'
  readonly timeout: string
}

/** `tidegate check`: all that is wrong with the configuration, at once and before it is live. */
export const checkCommand: CommandFactory = (context, exit) =>
  new Command('check')
    .description('report everything that is wrong with the configuration, before it is live')
    .usage('[FILE-OR-DIRECTORY …] [options] [--any.static.option=VALUE …]')
    .argument('[arguments...]', 'static or dynamic files, or directories of dynamic ones; then flags')
    .option('--providers', 'also read Consul, ECS and all others that are configured, once')
    .option('--diff [url]', 'list what would change in the running process, found by `api` or at this URL')
    .addOption(
      new Option('--format <format>', 'how it is told').choices(['text', 'json', 'github']).default('text'),
    )
    .option('--timeout <duration>', 'how long one provider may take to answer', '10s')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action(async (args: string[], options: CheckOptions, command: Command) =>
      exit(await check(context, args, options, command)),
    )

const EXAMPLES = `
Examples:
  tidegate check --configFile=/etc/tidegate/tidegate.yml --providers --diff
  tidegate check routes.yml /etc/tidegate/dynamic/ --format=github

What differs from the running process is no error. What each code means: docs/reference/problems.md.

Exit code: 0 valid, 1 there are errors, 2 it could not be checked (file, provider or running process out of reach).`

async function check(
  context: CliContext,
  args: readonly string[],
  options: CheckOptions,
  command: Command,
): Promise<number> {
  const timeout = parseDuration(options.timeout)
  if (timeout === undefined || timeout <= 0) {
    context.err(`--timeout ${options.timeout}: expected a duration such as \`10s\`\n`)
    return 2
  }
  const { url, paths, flags } = sortArguments(args, options.diff)
  const { staticFile, dynamic } = await sortPaths(context, paths)
  const loaded = ownFlags(await loadForCli(context, flags, staticFile), command)
  // Only here: `run` loads this file too.
  const { checkRouting } = await import('./check-routing.ts')
  const routing =
    loaded.config &&
    (await checkRouting({
      ...loaded,
      config: loaded.config,
      targets: dynamic,
      ask: options.providers ? timeout : undefined,
      onProgress: (line) => context.err(`${line}\n`),
    }))
  const problems = [...loaded.problems, ...(await explained(context, routing?.problems ?? []))]
  const compared =
    options.diff !== undefined && routing?.routing && loaded.config
      ? await compare(context, loaded.config, url, { ...routing, routing: routing.routing })
      : undefined
  const outcome: CheckOutcome = {
    problems,
    subject: subjectOf(loaded, dynamic),
    code: exitCode(
      problems,
      loaded.problems,
      options.diff !== undefined && (!compared || 'error' in compared),
    ),
    unread: routing?.unread ?? [],
    diff: compared && 'diff' in compared ? compared.diff : undefined,
    notCompared: compared && 'error' in compared ? compared : undefined,
  }
  print(context, options.format, outcome, routing?.summary ?? '')
  if (compared && 'error' in compared) context.err(`${compared.error}\n  → ${compared.remedy}\n`)
  else if (compared && options.format !== 'json') await printCompared(context, compared, outcome.unread)
  return outcome.code
}

async function compare(
  context: CliContext,
  { api }: StaticConfig,
  url: string | undefined,
  planned: Planned,
): Promise<Compared> {
  // Only here: undici costs megabytes.
  const { compareRunning } = await import('./compare-running.ts')
  return compareRunning(context, api, url, planned)
}

interface SortedArguments {
  readonly url: string | undefined
  readonly paths: readonly string[]
  readonly flags: readonly string[]
}

/** Paths stand in front of flags. What follows `--diff` is its URL only when it looks like one. */
function sortArguments(args: readonly string[], diff: true | string | undefined): SortedArguments {
  const firstFlag = args.findIndex((arg) => arg.startsWith('-'))
  const split = firstFlag === -1 ? args.length : firstFlag
  const url = typeof diff === 'string' && /^https?:\/\//.test(diff) ? diff.replace(/\/+$/, '') : undefined
  const path = typeof diff === 'string' && url === undefined ? [diff] : []
  return { url, paths: [...path, ...args.slice(0, split)], flags: args.slice(split) }
}

function subjectOf({ file }: LoadedCli, dynamic: readonly RoutingTarget[]): string {
  const read = [...(file === undefined ? [] : [file]), ...dynamic.map(({ path }) => path)]
  return read.length === 0 ? 'the configuration' : read.join(', ')
}

/** Of somebody who did not answer nothing is known, which is another thing than a mistake. */
const OUT_OF_REACH: ReadonlySet<ProblemCode> = new Set(['E401', 'E402', 'E403', 'E404'])

function exitCode(problems: readonly Problem[], ofStatic: readonly Problem[], notCompared: boolean): number {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const unreachable = errors.filter(
    (problem) =>
      OUT_OF_REACH.has(problem.code) ||
      // The static file itself; one that a value names is a mistake in that value.
      (problem.code === 'E107' && problem.origin.key === undefined && ofStatic.includes(problem)),
  )
  if (errors.length > unreachable.length) return 1
  return unreachable.length > 0 || notCompared ? 2 : 0
}

function print(
  context: CliContext,
  format: CheckOptions['format'],
  outcome: CheckOutcome,
  summary: string,
): void {
  const { problems, subject } = outcome
  if (format === 'json') return context.out(checkAsJson(outcome))
  if (format === 'github') context.out(checkAsGithub(problems))
  else report(context, problems, Infinity)
  const [first] = problems
  if (first) context.err(`\nWhat the codes mean: ${docsOf(first.code)}\n`)
  const valid = !problems.some(({ severity }) => severity === 'error')
  const counted = countProblems(problems)
  if (valid) context.out(`${subject}: valid${counted === '' ? '' : `, with ${counted}`}${summary}\n`)
  else context.err(`${subject}: ${counted}\n`)
}

async function printCompared(
  context: CliContext,
  { diff, url }: { readonly diff: RoutingDiff; readonly url: string },
  unread: readonly string[],
): Promise<void> {
  const { printDiff } = await import('./print-diff.ts')
  context.out(printDiff(diff, url, context.outColor))
  if (unread.length > 0) context.err(`not compared: ${unread.join(', ')}; \`--providers\` reads all\n`)
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
