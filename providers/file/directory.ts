import type { BigIntStats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { CONFIG_EXTENSIONS } from '../../src/config/file.ts'
import type { Problem } from '../../src/config/problem.ts'
import { unreadable, warning } from './problems.ts'

/** A file as the file system shows it: the same `mark` means the same content. */
export interface FoundFile {
  readonly path: string
  readonly mark: string
  readonly empty: boolean
}

/** What stands in the directory now. Keys are paths relative to it: the parts of the provider. */
export interface Listing {
  readonly files: ReadonlyMap<string, FoundFile>
  /** Files that stand there and cannot be used. */
  readonly broken: ReadonlyMap<string, Problem>
  /** Folders that could not be read: nothing is known about what stands below them. */
  readonly unknown: readonly string[]
  /** All folders that were read, with what tells a folder from another one of the same name: the ones to watch. */
  readonly folders: ReadonlyMap<string, string>
  readonly warnings: readonly Problem[]
}

/** Far more than any real configuration; a link to `/` must not be walked to its end. */
const MOST_FILES = 20_000
const DEEPEST = 32

/**
 * Lists the configuration files below a directory, links followed. Names that begin with a dot are left out: they
 * are what editors leave behind and what Kubernetes keeps its versions in.
 * @throws Error of `fs` when the directory itself cannot be read, or when far too much stands in it
 */
export async function listDirectory(root: string): Promise<Listing> {
  const walk = new Walk(root)
  await walk.folder('', [])
  return walk
}

/** The listing of one file alone. A file that is not there is in neither map. */
export async function listFile(folder: string, name: string): Promise<Listing> {
  const walk = new Walk(folder)
  await walk.single(name)
  return walk
}

class Walk implements Listing {
  readonly files = new Map<string, FoundFile>()
  readonly broken = new Map<string, Problem>()
  readonly unknown: string[] = []
  readonly folders = new Map<string, string>()
  readonly warnings: Problem[] = []
  readonly #root: string
  #seen = 0

  constructor(root: string) {
    this.#root = root
  }

  async folder(relative: string, ancestors: readonly string[]): Promise<void> {
    const path = join(this.#root, relative)
    const real = await realpath(path)
    if (ancestors.includes(real) || ancestors.length >= DEEPEST) {
      const why = ancestors.includes(real) ? 'is a link into a folder that holds it' : 'lies too deep'
      this.warnings.push(warning(path, `the folder ${why}`, 'remove it: it is not read'))
      return
    }
    await this.#note(path)
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).toSorted()
    for (const name of names) await this.#entry(join(relative, name), [...ancestors, real])
  }

  async single(name: string): Promise<void> {
    await this.#note(this.#root)
    const path = join(this.#root, name)
    const found = await stat(path, { bigint: true }).catch((error: unknown) => error)
    if (!(found instanceof Error)) this.#file(name, path, found as BigIntStats)
    else if (!isAbsent(found)) this.broken.set(name, unreadable(path, found))
  }

  async #note(path: string): Promise<void> {
    const { dev, ino } = await stat(path, { bigint: true })
    this.folders.set(path, `${dev}:${ino}`)
  }

  async #entry(relative: string, ancestors: readonly string[]): Promise<void> {
    if (++this.#seen > MOST_FILES) throw new Error(`more than ${MOST_FILES} files stand in it`)
    const path = join(this.#root, relative)
    try {
      const found = await stat(path, { bigint: true })
      if (found.isDirectory()) await this.#subfolder(relative, ancestors)
      else if (isConfiguration(relative)) this.#file(relative, path, found)
      else this.#unused(path)
    } catch (error) {
      if (this.#seen > MOST_FILES) throw error
      // Gone between the listing and the look, unless a link that leads nowhere still stands there.
      if (isConfiguration(relative)) this.broken.set(relative, unreadable(path, error))
    }
  }

  async #subfolder(relative: string, ancestors: readonly string[]): Promise<void> {
    try {
      await this.folder(relative, ancestors)
    } catch (error) {
      if (this.#seen > MOST_FILES) throw error
      this.unknown.push(relative)
      this.broken.set(relative, unreadable(join(this.#root, relative), error))
    }
  }

  #file(part: string, path: string, found: BigIntStats): void {
    const { size, mtimeNs, ctimeNs, ino, dev } = found
    // Opening a FIFO waits for a writer, and a device may do anything.
    if (!found.isFile()) this.broken.set(part, unreadable(path, new Error('it is no regular file')))
    else
      this.files.set(part, { path, mark: [dev, ino, size, mtimeNs, ctimeNs].join(':'), empty: size === 0n })
  }

  #unused(path: string): void {
    const endings = CONFIG_EXTENSIONS.map((ending) => `.${ending}`).join(', ')
    this.warnings.push(
      warning(
        path,
        'the file is not read, since its name tells no format',
        `let it end in one of ${endings}, or move it away`,
      ),
    )
  }
}

function isConfiguration(name: string): boolean {
  return CONFIG_EXTENSIONS.includes(extname(name).slice(1).toLowerCase())
}

export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
