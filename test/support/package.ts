import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = new URL('../../', import.meta.url).pathname
const TSC = join(ROOT, 'node_modules/.bin/tsc')

export interface Ended {
  readonly code: number
  /** Standard output, then standard error. */
  readonly output: string
}

/** Runs a command to its end. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    )
  })
}

/**
 * The same for a command that must succeed; gives its output.
 * @throws AssertionError with the output when it fails
 */
export async function done(
  command: string,
  args: readonly string[],
  cwd: string,
  env?: NodeJS.ProcessEnv,
): Promise<string> {
  const { code, output } = await run(command, args, cwd, env)
  assert.equal(code, 0, `${command} ${args.join(' ')}\n${output}`)
  return output
}

/**
 * Path of the package as it is published, made from these sources in `folder`; `npm run build` would take away what
 * other tests run.
 */
export async function packed(folder: string): Promise<string> {
  const stage = join(folder, 'stage')
  const dist = join(stage, 'dist')
  await mkdir(stage)
  await done(TSC, ['--outDir', dist], ROOT)
  await done(TSC, ['--project', 'tsconfig.types.json', '--outDir', dist], ROOT)
  for (const file of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'])
    await cp(join(ROOT, file), join(stage, file))
  await done('npm', ['pack', '--ignore-scripts', '--offline', '--pack-destination', folder], stage)
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  return join(folder, `tidegate-${version}.tgz`)
}
