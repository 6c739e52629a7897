import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdir, readdir, readlink, cp, realpath, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Readable } from 'node:stream'
import { peerBinary } from '../../peers/binaries.ts'
import { done, run } from '../../support/package.ts'

/**
 * Stands in for a container engine and for the base image: a folder is the root, and what the official image of
 * Node.js has (a small Debian, `node` and `npm` below /usr/local) is this machine's, with the pinned Node.js.
 */

/** `namespaces`: by bubblewrap. `plain`: on machines that allow none, below the folder but with its paths in sight. */
export type SandboxKind = 'namespaces' | 'plain'

export interface SandboxOptions {
  /** The working directory, as seen inside. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly user: number
  readonly group: number
  /** Nothing below the root can be written to, but for `volumes`. */
  readonly readOnly: boolean
  /** Folders that are empty and can be written to. */
  readonly volumes: readonly string[]
  /** Sees this machine's configuration (names, certificates) and npm cache, as steps of a build may need. */
  readonly building: boolean
}

const FROM_MACHINE = ['bin', 'sbin', 'lib', 'lib32', 'lib64']
const BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Whether this machine lets a user make namespaces. */
export async function sandboxKind(): Promise<SandboxKind> {
  const bwrap = await peerBinary('bwrap')
  const args = [
    '--unshare-user',
    '--uid',
    '65532',
    '--gid',
    '65532',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
  ]
  const { code } = await run(bwrap, [...args, 'true'], '/')
  return code === 0 ? 'namespaces' : 'plain'
}

/** Makes the folder a root with what the base image has; the folder must not exist. */
export async function makeBase(root: string): Promise<void> {
  const folders = ['usr/local/bin', 'usr/local/lib/node_modules', 'etc', 'proc', 'dev', 'tmp', 'npm', 'cache']
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true })
  for (const name of FROM_MACHINE) {
    const found = await lstat(`/${name}`).catch(() => undefined)
    if (found?.isSymbolicLink()) await symlink(await readlink(`/${name}`), join(root, name))
    else if (found) await mkdir(join(root, name))
  }
  await writeFile(join(root, 'usr/local/bin/node'), '')
  await symlink('/npm', join(root, 'usr/local/lib/node_modules/npm'))
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  for (const folder of librariesOfNode()) {
    for (const file of await readdir(folder))
      await cp(join(folder, file), join(root, 'usr/local/lib', file), { dereference: true })
  }
}

/** Runs a command with the folder as its root to its end, and gives its output. */
export async function runInside(
  kind: SandboxKind,
  root: string,
  command: readonly string[],
  options: SandboxOptions,
): Promise<string> {
  const [program, ...args] = await argv(kind, root, command, options)
  return await done(program!, args, '/', await environment(kind, root, options))
}

/** Starts a command with the folder as its root. */
export async function startInside(
  kind: SandboxKind,
  root: string,
  command: readonly string[],
  options: SandboxOptions,
): Promise<InsideProcess> {
  const [program, ...args] = await argv(
    kind,
    root,
    command,
    options,
    kind === 'plain' ? [] : ['--info-fd', '3'],
  )
  const env = await environment(kind, root, options)
  const child = spawn(program!, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  return new InsideProcess(child, kind === 'plain' ? undefined : await pidInside(child))
}

/** A running command; disposing of it kills it. */
export class InsideProcess implements AsyncDisposable {
  output = ''
  readonly #child: ChildProcess
  readonly #pid: number | undefined
  readonly #closed: Promise<unknown>

  /** `pid` is that of the program itself, when the child is what has started it. */
  constructor(child: ChildProcess, pid = child.pid) {
    this.#child = child
    this.#pid = pid
    this.#closed = once(child, 'close')
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text))
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Sends the signal and waits for the end: the exit code, or null when the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.running && this.#pid !== undefined) process.kill(this.#pid, signal)
    await this.#closed
    return this.#child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}

/** bubblewrap stays, does not pass signals on, and tells who is to be signalled. */
async function pidInside(child: ChildProcess): Promise<number> {
  let told = ''
  for await (const text of (child.stdio[3] as Readable).setEncoding('utf8')) told += String(text)
  return (JSON.parse(told) as { 'child-pid': number })['child-pid']
}

async function argv(
  kind: SandboxKind,
  root: string,
  command: readonly string[],
  { cwd, user, group, readOnly, volumes, building }: SandboxOptions,
  more: readonly string[] = [],
): Promise<string[]> {
  if (kind === 'plain') return ['sh', '-c', 'cd "$0" && exec "$@"', join(root, cwd), ...command]
  const mounts = [readOnly ? '--ro-bind' : '--bind', root, '/', '--ro-bind', '/usr', '/usr']
  for (const name of FROM_MACHINE) {
    const found = await lstat(`/${name}`).catch(() => undefined)
    if (found?.isDirectory()) mounts.push('--ro-bind', `/${name}`, `/${name}`)
  }
  mounts.push(readOnly ? '--ro-bind' : '--bind', join(root, 'usr/local'), '/usr/local')
  mounts.push('--ro-bind', process.execPath, '/usr/local/bin/node', '--proc', '/proc', '--dev', '/dev')
  if (building) {
    mounts.push('--ro-bind', '/etc', '/etc', '--ro-bind', await npmPackage(), '/npm')
    mounts.push('--bind', await npmCache(), '/cache')
  }
  for (const volume of building ? ['/tmp'] : volumes) mounts.push('--tmpfs', volume)
  // Dies with the test, and is told of signals by it.
  const rest = ['--die-with-parent', '--chdir', cwd, '--']
  const identity = ['--unshare-user', '--uid', String(user), '--gid', String(group)]
  return [await peerBinary('bwrap'), ...more, ...identity, ...mounts, ...rest, ...command]
}

async function environment(
  kind: SandboxKind,
  root: string,
  { env, building }: SandboxOptions,
): Promise<Record<string, string>> {
  const search = kind === 'plain' ? pathBelow(root, env['PATH']) : (env['PATH'] ?? BASE_PATH)
  const own = { ...env, PATH: search, HOME: '/tmp', ...libraryPath(kind) }
  if (!building) return own
  const registry = (await done('npm', ['config', 'get', 'registry'], '/')).trim()
  const cache = kind === 'plain' ? await npmCache() : '/cache'
  const npm = { npm_config_registry: registry, npm_config_cache: cache, npm_config_prefer_offline: 'true' }
  return { ...passedOn(), ...npm, ...own }
}

/** What machines that reach the registry through something need. */
function passedOn(): Record<string, string> {
  const wanted = /^(?:https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      wanted.test(key) && value !== undefined ? [[key, value]] : [],
    ),
  )
}

/** The image's own folders below the root, and then what this test runs on. */
function pathBelow(root: string, path = ''): string {
  const own = path.split(delimiter).filter((folder) => folder.startsWith('/app/'))
  return [...own.map((folder) => join(root, folder)), process.env['PATH'] ?? ''].join(delimiter)
}

function libraryPath(kind: SandboxKind): Record<string, string> {
  const given = process.env['LD_LIBRARY_PATH']
  if (given === undefined || given === '') return {}
  return { LD_LIBRARY_PATH: kind === 'plain' ? given : '/usr/local/lib' }
}

/** The pinned Node.js may stand on a library of its own: scripts/complete-node.sh. */
function librariesOfNode(): string[] {
  return (process.env['LD_LIBRARY_PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
}

async function npmPackage(): Promise<string> {
  const root = (await done('npm', ['root', '--global'], '/')).trim()
  const cli = await realpath((await done('sh', ['-c', 'command -v npm'], '/')).trim())
  const found = /^(.*\/node_modules\/npm)\//.exec(cli)?.[1]
  return found ?? join(root, 'npm')
}

async function npmCache(): Promise<string> {
  const folder = (await done('npm', ['config', 'get', 'cache'], '/')).trim()
  await mkdir(folder, { recursive: true })
  return folder
}
