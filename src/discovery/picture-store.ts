import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Problem } from '../config/problem.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Clock } from './clock.ts'
import { complain } from './complaint.ts'
import { decodePicture, encodePicture } from './stored-picture.ts'
import type { StoredPart, StoredPicture } from './stored-picture.ts'

export interface PictureStoreOptions {
  readonly path: string
  /** Milliseconds; parts that were vouched for longer ago are not used. */
  readonly maxAge: number
  /** What is known now. */
  readonly picture: () => StoredPicture
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly clock: Clock
  /** Default: the file at `path`, replaced as a whole. */
  readonly write?: (path: string, text: string) => Promise<void>
}

/** At most one write in this time; milliseconds. */
const BETWEEN_WRITES = 2_000
/** Written anew though nothing changed, so that a quiet source does not seem old after a crash; milliseconds. */
const RENEWED_EVERY = 600_000
const LARGEST = 512 * 1024 * 1024
const MODE = 0o600
const OTHERS_MAY_WRITE = 0o022

/**
 * The last good picture of all sources on disk, so that a process that starts while discovery is down knows what to
 * serve. Whatever goes wrong with the file is a problem and nothing more: no request depends on it.
 */
export class PictureStore {
  readonly #options: PictureStoreOptions
  readonly #closing = new AbortController()
  #readProblem: Problem | undefined
  #writeProblem: Problem | undefined
  #secretProblem: Problem | undefined
  #changed = Promise.withResolvers<void>()
  #running: Promise<void> | undefined

  constructor(options: PictureStoreOptions) {
    this.#options = options
  }

  get problems(): readonly Problem[] {
    return this.#secretProblem ? [...this.failures, this.#secretProblem] : this.failures
  }

  /** That it could not be used, or cannot be written now; logged when that began. */
  get failures(): readonly Problem[] {
    return [this.#readProblem, this.#writeProblem].filter((one) => one !== undefined)
  }

  /** What was known when the last process ended. Never rejects: a file that cannot be used is a problem. */
  async read(): Promise<StoredPicture> {
    const { path, maxAge, clock } = this.#options
    try {
      const text = await readSafely(path)
      if (text === undefined) return new Map()
      const picture = decodePicture(text)
      const oldest = clock.now() - maxAge
      const { usable, old } = split(picture, ({ knownAt }) => knownAt >= oldest)
      if (old > 0) this.#cannotUse(tooOld(path, old))
      return usable
    } catch (error) {
      this.#cannotUse(unusable(path, error))
      return new Map()
    }
  }

  #cannotUse(problem: Problem): void {
    this.#readProblem = problem
    this.#options.log.warn(problem.message, { code: problem.code })
  }

  /** Begins to write. The first time only after `changed`: what was just read needs no writing. */
  start(): void {
    this.#running ??= this.#writeForever()
  }

  /** Something is known that was not. */
  changed(): void {
    this.#changed.resolve()
  }

  /** Writes what is known once more, and ends. */
  async close(): Promise<void> {
    if (!this.#running) return
    this.#closing.abort(new Error('the snapshot is being closed'))
    await this.#running
    await this.#write()
  }

  async #writeForever(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted) {
      await this.#nextReason()
      if (signal.aborted) return
      this.#changed = Promise.withResolvers()
      await this.#write()
      await clock.sleep(BETWEEN_WRITES, signal).catch(() => undefined)
    }
  }

  async #nextReason(): Promise<void> {
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.#closing.signal])
    const late = this.#options.clock.sleep(RENEWED_EVERY, signal).catch(() => undefined)
    await Promise.race([this.#changed.promise, late])
    over.abort()
  }

  async #write(): Promise<void> {
    const { path, picture, log, write = replaceFile } = this.#options
    try {
      const { text, leftOut } = encodePicture(picture())
      await write(path, text)
      this.#secretProblem = leftOut === 0 ? undefined : secretive(path, leftOut)
      if (this.#writeProblem) log.info(`the snapshot ${path} is written again`)
      this.#writeProblem = undefined
      this.#readProblem = undefined
    } catch (error) {
      const problem = unwritable(path, error)
      if (!this.#writeProblem) log.warn(problem.message, { code: problem.code })
      this.#writeProblem = problem
    }
  }
}

/** Undefined when there is none. Nobody else may have written it: it says where requests go. */
async function readSafely(path: string): Promise<string | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const fault = faultOf(await file.stat())
    if (fault !== undefined) throw new Error(fault)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function faultOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'is no regular file'
  if ((stats.mode & OTHERS_MAY_WRITE) !== 0) return 'may be written by others'
  if (process.getuid !== undefined && ![0, process.getuid()].includes(stats.uid))
    return 'belongs to another user'
  return stats.size > LARGEST ? 'is too large' : undefined
}

/** Whoever reads finds the old text or the new one, whole, whenever the machine stops. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`
  // What a process that was killed has left behind; a link that somebody has laid there is not followed.
  await rm(temporary, { force: true })
  try {
    const file = await open(temporary, 'wx', MODE)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** The new name itself must outlast a power failure, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function split(
  picture: StoredPicture,
  test: (part: StoredPart) => boolean,
): { readonly usable: StoredPicture; readonly old: number } {
  const usable = new Map<string, ReadonlyMap<string, StoredPart>>()
  let old = 0
  for (const [provider, parts] of picture) {
    const good = new Map([...parts].filter(([, part]) => test(part)))
    old += parts.size - good.size
    usable.set(provider, good)
  }
  return { usable, old }
}

function tooOld(path: string, parts: number): Problem {
  return complain({
    code: 'E503',
    severity: 'warning',
    origin: { source: path },
    message: `${parts === 1 ? 'one part' : `${parts} parts`} of the snapshot ${path} are too old to be served`,
    remedy: 'nothing, once the sources have answered; `providers.snapshot.maxAge` says what is too old',
  })
}

function unusable(path: string, error: unknown): Problem {
  return complain({
    code: 'E503',
    severity: 'warning',
    origin: { source: path },
    message: `the snapshot ${path} ${reasonOf(error, 'cannot be read')}; it is not used`,
    remedy: 'nothing, once the sources have answered: it is written anew then',
  })
}

function unwritable(path: string, error: unknown): Problem {
  return complain({
    code: 'E503',
    severity: 'warning',
    origin: { source: path },
    message: `the snapshot ${path} ${reasonOf(error, 'cannot be written')}; requests are served all the same`,
    remedy:
      'see whether its folder exists, may be written and has room; it is tried again with the next change',
  })
}

function secretive(path: string, count: number): Problem {
  return complain({
    code: 'E503',
    severity: 'warning',
    origin: { source: path },
    message: `${count === 1 ? 'one instance is' : `${count} instances are`} not in the snapshot ${path}, since their tags hold secrets outside of middlewares`,
    remedy: 'move secrets from tags into files, or accept that these start only when their source answers',
  })
}

function reasonOf(error: unknown, what: string): string {
  if (!(error instanceof Error)) return `${what}: ${String(error)}`
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? error.message : `${what} (${code})`
}
