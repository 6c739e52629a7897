import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/** Milliseconds between two looks at what a name stands for. */
const REFRESH_MS = 30_000
/** Milliseconds before a name that could not be resolved is tried again. */
const RETRY_MS = 2_000

export type Lookup = (name: string) => Promise<readonly string[]>

interface Known {
  /** Undefined until the name was resolved for the first time. */
  addresses: readonly string[] | undefined
  error: string | undefined
  timer: NodeJS.Timeout | undefined
}

/**
 * Resolves the host names of endpoints in the control plane, so that no request ever waits for DNS. What a name
 * stood for last is kept while it cannot be resolved.
 */
export class NameResolver {
  readonly #known = new Map<string, Known>()
  readonly #lookup: Lookup
  readonly #changed: () => void
  #closed = false

  /** `changed` is called when `addresses` would answer something else for a name. */
  constructor(changed: () => void, resolve: Lookup = systemLookup) {
    this.#changed = changed
    this.#lookup = resolve
  }

  /** The addresses of a host; empty while they are not known yet, which `changed` will tell. */
  addresses(host: string): readonly string[] {
    if (isIP(host) !== 0) return [host]
    const known = this.#known.get(host)
    if (known) return known.addresses ?? []
    this.#known.set(host, { addresses: undefined, error: undefined, timer: undefined })
    void this.#refresh(host)
    return []
  }

  /** Names that cannot be resolved now, with the system's reason. */
  get failures(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#known].flatMap(([host, { error }]) => (error === undefined ? [] : [[host, error] as const])),
    )
  }

  /** Forgets names that nothing refers to any more. */
  keepOnly(hosts: ReadonlySet<string>): void {
    for (const [host, { timer }] of this.#known) {
      if (hosts.has(host)) continue
      clearTimeout(timer)
      this.#known.delete(host)
    }
  }

  close(): void {
    this.#closed = true
    this.keepOnly(new Set())
  }

  async #refresh(host: string): Promise<void> {
    const known = this.#known.get(host)
    if (!known || this.#closed) return
    const before = known.addresses?.join()
    try {
      known.addresses = [...new Set(await this.#lookup(host))].toSorted()
      known.error = undefined
    } catch (error) {
      known.error = error instanceof Error ? error.message : String(error)
    }
    if (this.#closed || this.#known.get(host) !== known) return
    known.timer = setTimeout(
      () => void this.#refresh(host),
      known.error === undefined ? REFRESH_MS : RETRY_MS,
    )
    known.timer.unref()
    if (known.addresses?.join() !== before) this.#changed()
  }
}

async function systemLookup(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address)
}
