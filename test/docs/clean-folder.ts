import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePorts } from '../peers/free-ports.ts'
import { until } from '../support/until.ts'

const ROOT = new URL('../../', import.meta.url).pathname
/** What documents write for ports; each stands for a free one, so that tests can run beside each other. */
const PORTS = /\b(2379|8080|8081|8443|6379|8500|90\d\d)\b/g

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface FolderOptions {
  /** Commands of the shell by the program's name, besides `tidegate`. */
  readonly programs: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  /** Ports that are given, by the number that documents write. */
  readonly ports: Readonly<Record<string, number>>
  /** With the sources in it, as in a checkout. */
  readonly copy: boolean
}

/** An empty folder with a shell, as a reader has one; what still runs in it is ended with it. */
export class CleanFolder implements AsyncDisposable {
  readonly path: string
  readonly #env: NodeJS.ProcessEnv
  readonly #ports: ReadonlyMap<string, number>
  readonly #staying: ChildProcess[] = []

  private constructor(path: string, env: NodeJS.ProcessEnv, ports: ReadonlyMap<string, number>) {
    this.path = path
    this.#env = env
    this.#ports = ports
  }

  /** `texts` is all that will be run or written, so that its ports are known. */
  static async open(texts: readonly string[], options: FolderOptions): Promise<CleanFolder> {
    const home = await mkdtemp(join(tmpdir(), 'tidegate-docs-'))
    const [path, bin] = [join(home, 'folder'), join(home, 'bin')]
    await Promise.all([mkdir(path), mkdir(bin)])
    if (options.copy) await copySources(path)
    const main = join(options.copy ? path : ROOT, 'src/main.ts')
    await program(bin, 'tidegate', `"${process.execPath}" "${main}"`)
    for (const [name, command] of Object.entries(options.programs)) await program(bin, name, command)
    const env = {
      ...process.env,
      HOME: home,
      PATH: `${bin}:${process.env['PATH']}`,
      NO_COLOR: '1',
      // What is shown does not depend on it, and tests run beside each other.
      TIDEGATE_WORKERS: '1',
      ...options.env,
    }
    return new CleanFolder(path, env, await portsOf(texts, options.ports))
  }

  async write(name: string, text: string): Promise<void> {
    const file = join(this.path, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, this.adapt(text))
  }

  /** Runs commands to their end. */
  async run(commands: string): Promise<Finished> {
    const child = this.#start(commands)
    let [out, err] = ['', '']
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    await once(child, 'close')
    return { code: child.exitCode, out, err }
  }

  /** Starts commands that go on, as in a terminal of their own, and waits until they have printed `words`. */
  async stay(commands: string, words: string): Promise<void> {
    const child = this.#start(commands)
    this.#staying.push(child)
    let output = ''
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    try {
      const said = (): boolean => child.exitCode !== null || output.includes(this.adapt(words))
      await until(`\`${words}\``, said, 30_000)
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`)
    } catch (error) {
      throw new Error(`${commands}${output}`, { cause: error })
    }
  }

  /** A text of the document as it holds here: with ports that are free, and on loopback alone. */
  adapt(text: string): string {
    return text
      .replaceAll(PORTS, (port) => String(this.#ports.get(port) ?? port))
      .replaceAll(/(^|[\s"'=])(:\d{4,5}\b)/gm, '$1127.0.0.1$2')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#staying.toReversed()) await ended(child)
    await rm(dirname(this.path), { recursive: true, force: true })
  }

  #start(commands: string): ChildProcess {
    const child = spawn('sh', ['-euc', this.adapt(commands)], {
      cwd: this.path,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the shell has started ends with it.
      detached: true,
    })
    const killOnExit = (): void => killGroup(child)
    process.once('exit', killOnExit)
    child.once('close', () => process.removeListener('exit', killOnExit))
    return child
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  killGroup(child)
  await closed
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
}

async function copySources(path: string): Promise<void> {
  for (const name of ['src', 'providers', 'package.json', 'tsconfig.json'])
    await cp(join(ROOT, name), join(path, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'))
}

async function program(bin: string, name: string, command: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`)
  await chmod(join(bin, name), 0o755)
}

async function portsOf(
  texts: readonly string[],
  given: Readonly<Record<string, number>>,
): Promise<ReadonlyMap<string, number>> {
  const written = new Set(texts.flatMap((text) => text.match(PORTS) ?? []))
  const free = await freePorts(written.size)
  return new Map([...written].map((port, index) => [port, given[port] ?? free[index]!]))
}
