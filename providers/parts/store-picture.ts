import { chooseRoot, readKeyTree } from '../../src/config/key-tree.ts'
import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Snapshot } from '../../src/discovery/provider.ts'
import { StoreMemory } from './store-memory.ts'

/** Everything below the roots at one moment. */
export interface StoreReading {
  /** Keys as they stand in the store, with their values. */
  readonly pairs: ReadonlyMap<string, string>
  /** A number that grows with the store's changes: that it went back shows that data were lost. */
  readonly revision?: bigint
  /** Names the data (the cluster's id, say): that it is another shows that data were lost. */
  readonly life?: string
}

/** A change of several keys is over when nothing has changed for so many milliseconds. */
const QUIET = 50
/** A store that never is quiet is heard nevertheless. */
const LONGEST = 500

/** What a store shows, told when it has come to rest, so that no half of a change is ever served. */
export class StorePicture {
  readonly #roots: readonly [string, ...string[]]
  readonly #tools: ProviderTools
  readonly #tell: (snapshot: Snapshot) => void
  readonly #memory: StoreMemory
  #pairs: ReadonlyMap<string, string> = new Map()
  #readings = 0
  #changes = 0
  #telling: Promise<void> | undefined

  constructor(
    roots: readonly [string, ...string[]],
    tools: ProviderTools,
    tell: (snapshot: Snapshot) => void,
  ) {
    this.#roots = roots
    this.#tools = tools
    this.#tell = tell
    this.#memory = new StoreMemory(tools.monotonic)
  }

  read(reading: StoreReading): void {
    this.#readings++
    this.#memory.read(reading)
    this.#take(reading.pairs)
  }

  changed(pairs: ReadonlyMap<string, string>, revision?: bigint): void {
    this.#memory.changed(pairs.size, revision)
    this.#take(pairs)
  }

  /** Resolves when what was taken so far has been told. */
  async settled(): Promise<void> {
    await this.#telling
  }

  #take(pairs: ReadonlyMap<string, string>): void {
    this.#pairs = pairs
    this.#changes++
    this.#telling ??= this.#tellWhenQuiet()
  }

  async #tellWhenQuiet(): Promise<void> {
    const { sleep, monotonic, signal } = this.#tools
    const deadline = monotonic() + LONGEST
    for (let seen = -1; seen !== this.#changes && monotonic() < deadline;) {
      seen = this.#changes
      await sleep(Math.min(QUIET, deadline - monotonic())).catch(() => undefined)
    }
    this.#telling = undefined
    if (!signal.aborted) this.#tell(this.#snapshot())
  }

  #snapshot(): Snapshot {
    const source = this.#tools.name
    const root = chooseRoot(this.#pairs.keys(), this.#roots)
    const { routing, problems } = readKeyTree(this.#pairs, { source, root })
    return {
      part: '',
      reading: this.#readings,
      ...(routing ? { routing } : {}),
      problems: [...problems, ...this.#unusedRoots(root)],
      ...(this.#memory.mayHaveForgotten ? { missing: 'unproven' } : {}),
    }
  }

  #unusedRoots(used: string): Problem[] {
    const others = this.#roots.filter((root) => root !== used)
    return others.flatMap((root) => {
      const key = this.#pairs.keys().find((one) => one.startsWith(`${root}/`))
      return key === undefined ? [] : [unusedRoot(this.#tools.name, root, used)]
    })
  }
}

function unusedRoot(source: string, root: string, used: string): Problem {
  return {
    code: 'E106',
    severity: 'warning',
    message: `keys below \`${root}\` have no effect, since there are keys below \`${used}\``,
    remedy: `remove those of one root, or name the one that counts with \`rootKey\``,
    origin: { source, key: root },
  }
}
