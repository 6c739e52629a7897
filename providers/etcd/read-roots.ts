import type { EtcdClient, KeyRange } from './client.ts'
import { EtcdError } from './errors.ts'

/** Everything below some roots, all of it of one revision. */
export interface RootsReading {
  readonly pairs: ReadonlyMap<string, string>
  /** Of the roots, those that the user may read. */
  readonly readable: readonly string[]
  readonly revision: bigint
  readonly cluster: string
}

/** Keys of one page: 5 MiB of routing are some 50 pages. */
const PAGE = 1_000
const PERMISSION_DENIED = 7

/**
 * Reads page by page what is below the roots, and nothing else. A user may be allowed less than all of them, but
 * what could be read before (`known`) has not become empty by being denied.
 * @throws EtcdError when none may be read, and whatever `EtcdClient.range` throws
 */
export async function readRoots(
  client: EtcdClient,
  roots: readonly string[],
  known: ReadonlySet<string>,
): Promise<RootsReading> {
  const draft = new Draft()
  let denied: unknown
  for (const root of roots) {
    try {
      await readRoot(client, rangeOf(root), draft)
      draft.readable.push(root)
    } catch (error) {
      if (!isDenial(error) || known.has(root)) throw error
      denied = error
    }
  }
  if (draft.readable.length === 0) throw denied
  const { pairs, readable, revision = 0n, cluster } = draft
  return { pairs, readable, revision, cluster }
}

/** All keys that begin with `root/`. */
export function rangeOf(root: string): KeyRange {
  const key = Buffer.from(`${root}/`)
  const end = Buffer.from(key)
  end[end.length - 1]! += 1
  return { key, end }
}

function isDenial(error: unknown): boolean {
  return error instanceof EtcdError && error.code === PERMISSION_DENIED
}

class Draft {
  readonly pairs = new Map<string, string>()
  readonly readable: string[] = []
  revision: bigint | undefined
  cluster = ''
}

async function readRoot(client: EtcdClient, { key, end }: KeyRange, draft: Draft): Promise<void> {
  for (let from: Buffer | undefined = key; from;) {
    const { header, pairs, more } = await client.range({ key: from, end }, PAGE, draft.revision)
    draft.revision ??= header.revision
    draft.cluster = header.cluster
    for (const [name, value] of pairs) draft.pairs.set(name.toString(), value)
    const last: Buffer | undefined = pairs.at(-1)?.[0]
    // The key that follows directly.
    from = more && last ? Buffer.concat([last, Buffer.of(0)]) : undefined
  }
}
