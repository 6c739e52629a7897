import { Argument, Command } from 'commander'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { printProblems } from '../config/excerpt.ts'
import { CONFIG_EXTENSIONS, parseConfigText } from '../config/file.ts'
import type { Problem } from '../config/problem.ts'
import type { CliContext, CommandFactory } from './context.ts'
import type { Migration, NewFile, OldFile } from './migrate/migrate.ts'
import { report } from './static-config.ts'

/** `tidegate migrate`: from another proxy's configuration to ours. */
export const migrateCommand: CommandFactory = (context, exit) =>
  new Command('migrate')
    .description("convert Traefik's files (versions 1, 2 and 3), and tell what has no counterpart")
    .addArgument(new Argument('<from>', 'whose files').choices(['traefik']))
    .argument('<path>', 'a file in TOML, YAML or JSON, or a directory of such')
    .option('--out <dir>', 'write the files there; otherwise they are printed')
    .option('--force', 'replace files that are there')
    .addHelpText('after', EXAMPLES)
    .action(async (_: string, path: string, options: MigrateOptions) =>
      exit(await migrateFiles(context, path, options)),
    )

interface MigrateOptions {
  readonly out?: string
  readonly force?: true
}

const EXAMPLES = `
Examples:
  tidegate migrate traefik /etc/traefik/traefik.toml
  tidegate migrate traefik /etc/traefik --out /etc/tidegate

What has no counterpart is told on standard error with its place. Nothing is changed where the files are now.

Exit code: 0 converted, 1 a file cannot be read or is there already.`

async function migrateFiles(
  context: CliContext,
  path: string,
  { out, force }: MigrateOptions,
): Promise<number> {
  const { files, problems } = await readOld(context, path)
  if (problems.length > 0) {
    report(context, problems, Infinity)
    return 1
  }
  const [{ migrate }, schemas] = await Promise.all([import('./migrate/migrate.ts'), schemasOf()])
  const migration = migrate(files, schemas, out ?? '.')
  const written =
    out === undefined ? print(context, migration) : await write(context, migration, out, force === true)
  tell(context, migration.problems)
  return written ? 0 : 1
}

interface ReadFiles {
  readonly files: readonly OldFile[]
  readonly problems: readonly Problem[]
}

async function readOld(context: CliContext, path: string): Promise<ReadFiles> {
  const found = await filesBelow(path)
  if (typeof found === 'string')
    return {
      files: [],
      problems: [{ code: 'E107', severity: 'error', message: found, origin: { source: path } }],
    }
  const files: OldFile[] = []
  const problems: Problem[] = []
  for (const file of found) {
    const parsed = parseConfigText(await context.readText(file), file)
    problems.push(...parsed.problems.filter(({ severity }) => severity === 'error'))
    if (parsed.node?.kind === 'section')
      files.push({ name: basename(file, extname(file)), node: parsed.node })
  }
  return { files: withUniqueNames(files), problems }
}

/** `a.toml` and `a.yml` become two files. */
function withUniqueNames(files: readonly OldFile[]): OldFile[] {
  const seen = new Map<string, number>()
  return files.map((file) => {
    const times = (seen.get(file.name) ?? 0) + 1
    seen.set(file.name, times)
    return times === 1 ? file : { ...file, name: `${file.name}-${times}` }
  })
}

/** The files, sorted; or why there are none. */
async function filesBelow(path: string): Promise<string[] | string> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return 'there is no such file or directory'
  if (!found.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true })
  const files = names
    .filter((name) => CONFIG_EXTENSIONS.some((extension) => name.toLowerCase().endsWith(`.${extension}`)))
    .toSorted()
  return files.length === 0 ? 'there is no file in YAML, TOML or JSON' : files.map((name) => join(path, name))
}

async function schemasOf() {
  const [{ staticSchema }, { allProviders, providerShapes }, { dynamicSchema }] = await Promise.all([
    import('../config/static.ts'),
    import('../provider-catalogue.ts'),
    import('./dynamic-schema.ts'),
  ])
  return { static: staticSchema(providerShapes(await allProviders())), dynamic: await dynamicSchema() }
}

function print(context: CliContext, { files }: Migration): boolean {
  for (const { path, text } of files) context.out(`# ---- ${path}\n${text}\n`)
  return true
}

async function write(
  context: CliContext,
  { files }: Migration,
  folder: string,
  force: boolean,
): Promise<boolean> {
  const there = force ? [] : await alreadyThere(files, folder)
  if (there.length > 0) {
    context.err(
      `${there.join(', ')}: already there\n  → choose another --out, or add --force to replace them\n`,
    )
    return false
  }
  for (const { path, text } of files) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    // Secrets may be among what was converted.
    await writeFile(target, text, { mode: 0o600 })
    context.out(`${target}\n`)
  }
  return true
}

async function alreadyThere(files: readonly NewFile[], folder: string): Promise<string[]> {
  const found = await Promise.all(
    files.map(({ path }) =>
      stat(join(folder, path)).then(
        () => join(folder, path),
        () => undefined,
      ),
    ),
  )
  return found.filter((path) => path !== undefined)
}

function tell(context: CliContext, problems: readonly Problem[]): void {
  if (problems.length === 0) return context.err('everything has its counterpart\n')
  context.err(`${printProblems(problems, { color: context.color, limit: Infinity })}\n`)
  context.err(`\n${problems.length} to read; then run \`tidegate check\` on what was made\n`)
}
