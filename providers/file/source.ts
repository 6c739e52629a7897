import PQueue from 'p-queue'
import { basename, dirname, resolve } from 'node:path'
import type { Problem } from '../../src/config/problem.ts'
import type { Update } from '../../src/discovery/provider.ts'
import type { Cause } from './changes.ts'
import { decodeDynamic } from '../parts/decode-dynamic.ts'
import type { FoundFile, Listing } from './directory.ts'
import { listDirectory, listFile } from './directory.ts'
import { unreadable } from './problems.ts'
import { readFileText } from './read-file.ts'

/** What is known of one part. */
interface Known {
  readonly mark: string
  readonly hash: string
  /** It is listed as failed; the next good look must say that it is healed, even when it says the same. */
  readonly failed: boolean
}

export interface Look {
  readonly updates: readonly Update[]
  /** Something has changed and may still be written to: look again soon. */
  readonly unsettled: boolean
  /** Folders to watch from now on; see `Listing`. */
  readonly folders: ReadonlyMap<string, string>
}

const READS_AT_ONCE = 16

/** One file or one directory, looked at again and again: each look gives what has changed since the last one. */
export class FileSource {
  readonly #path: string
  readonly #single: boolean
  readonly #notices: readonly Problem[]
  readonly #known = new Map<string, Known>()
  /** Changed files that had not come to rest at the last look, with how they looked then. */
  readonly #unsettled = new Map<string, string>()
  readonly #queue = new PQueue({ concurrency: READS_AT_ONCE })
  #lastWarnings: string | undefined

  /** `notices` are listed with the directory's own problems. */
  constructor(path: string, single: boolean, notices: readonly Problem[] = []) {
    this.#path = path
    this.#single = single
    this.#notices = notices
  }

  async look(cause: Cause): Promise<Look> {
    const listing = await this.#list().catch((error: unknown) => unreadable(this.#path, error))
    if ('code' in listing) {
      this.#lastWarnings = undefined
      // What is missing appears in the folder above.
      const above = new Map([[dirname(resolve(this.#path)), '']])
      return { updates: [{ part: '', failure: listing }], unsettled: false, folders: above }
    }
    const changed = this.#changedFiles(listing, cause)
    const read = await this.#queue.addAll(
      changed.map(
        ([part, file]) =>
          () =>
            this.#read(part, file),
      ),
    )
    return {
      updates: [
        ...this.#directoryItself(listing),
        ...this.#gone(listing),
        ...this.#broken(listing),
        ...read.flat(),
      ],
      unsettled: this.#unsettled.size > 0,
      folders: listing.folders,
    }
  }

  async #list(): Promise<Listing> {
    return this.#single ? listFile(dirname(this.#path), basename(this.#path)) : listDirectory(this.#path)
  }

  /** The directory's own part: empty but for warnings, so that an empty directory is a sound answer too. */
  #directoryItself({ warnings }: Listing): Update[] {
    const problems = [...this.#notices, ...warnings]
    const text = JSON.stringify(problems)
    if (text === this.#lastWarnings) return []
    this.#lastWarnings = text
    return [{ part: '', ...(problems.length > 0 ? { problems } : {}) }]
  }

  #changedFiles({ files }: Listing, cause: Cause): [string, FoundFile][] {
    return [...files].filter(([part, file]) => {
      const known = this.#known.get(part)
      if (known?.mark === file.mark && !cause.force) return this.#settle(part)
      return !known || cause.force || this.#hasSettled(part, file, cause)
    })
  }

  /** The file is as it was known: it needs no second look any more. */
  #settle(part: string): false {
    this.#unsettled.delete(part)
    return false
  }

  /**
   * A known file is read anew only when it has come to rest: half of a file may well be valid, and would take away
   * routes. One that is empty now is looked at twice in any case, since many writers truncate first.
   */
  #hasSettled(part: string, file: FoundFile, { settled }: Cause): boolean {
    if ((settled && !file.empty) || this.#unsettled.get(part) === file.mark) return true
    this.#unsettled.set(part, file.mark)
    return false
  }

  async #read(part: string, { path, mark }: FoundFile): Promise<Update[]> {
    this.#unsettled.delete(part)
    const before = this.#known.get(part)
    try {
      const { text, hash } = await readFileText(path)
      if (before?.hash === hash && !before.failed) {
        this.#known.set(part, { ...before, mark })
        return []
      }
      const update = decodeDynamic(text, path, part)
      this.#known.set(part, { mark, hash, failed: 'failure' in update })
      return [update]
    } catch (error) {
      return this.#fail(part, unreadable(path, error))
    }
  }

  /** Without a mark it is tried again at every look: out of file handles now may not be so later. */
  #fail(part: string, failure: Problem): Update[] {
    this.#known.set(part, { mark: '', hash: '', failed: true })
    return [{ part, failure }]
  }

  #broken({ broken }: Listing): Update[] {
    return [...broken].flatMap(([part, failure]) => this.#fail(part, failure))
  }

  /** What was there and is not now. Below a folder that could not be read, nothing is known to be gone. */
  #gone({ files, broken, unknown }: Listing): Update[] {
    const updates: Update[] = []
    if (this.#single && files.size === 0 && broken.size === 0) {
      // The operator has named this very file, so its absence is a fault and no news.
      return this.#fail(basename(this.#path), unreadable(this.#path, absent()))
    }
    for (const part of this.#known.keys()) {
      const here = files.has(part) || broken.has(part)
      if (here || unknown.some((folder) => part.startsWith(`${folder}/`))) continue
      this.#known.delete(part)
      this.#unsettled.delete(part)
      updates.push({ part, gone: true })
    }
    return updates
  }
}

function absent(): Error {
  return Object.assign(new Error('no such file'), { code: 'ENOENT' })
}
