import type { RedisConnection } from './connection.ts'
import { RefusedError, TooLargeError, UnsoundAnswerError } from './errors.ts'

/** Bytes of all keys and values; far above any routing, and far below what fills the memory. */
const LARGEST_TREE = 64 * 1024 * 1024
const MOST_KEYS = 200_000
/**
 * As many keys a server looks at before it serves others again: about 0.2 ms. A million unrelated keys are a thousand
 * such looks, and none of them holds up anybody.
 */
const LOOKED_AT = '1000'
const BATCH_KEYS = 500
const BATCH_BYTES = 1024 * 1024

export interface Tree {
  /** By key, in the order of keys. */
  readonly values: ReadonlyMap<string, string>
  /** Keys whose values are no text, by what the server said of them. */
  readonly unusable: ReadonlyMap<string, string>
}

/**
 * All keys below `root`, a batch at a time: what changes meanwhile may be seen in part.
 * @throws TooLargeError, RefusedError, UnsoundAnswerError, or what ended the connection
 */
export async function readTree(connection: RedisConnection, root: string): Promise<Tree> {
  const keys = await findKeys(connection, root)
  const lengths = await readLengths(connection, keys)
  const values = new Map<string, string>()
  for (const batch of batches(keys, lengths)) {
    const answer = await connection.ask('MGET', ...batch)
    if (!Array.isArray(answer) || answer.length !== batch.length) throw unsound('MGET', answer)
    // Null: the key has gone since.
    for (const [i, key] of batch.entries()) if (typeof answer[i] === 'string') values.set(key, answer[i])
  }
  const unusable = [...lengths].filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return { values, unusable: new Map(unusable) }
}

/** SCAN shows a key twice when the server's table grows, and never leaves out one that was there all the time. */
async function findKeys(connection: RedisConnection, root: string): Promise<string[]> {
  const pattern = patternBelow(root)
  const keys = new Set<string>()
  let size = 0
  let cursor = '0'
  do {
    const answer = await connection.ask('SCAN', cursor, 'MATCH', pattern, 'COUNT', LOOKED_AT)
    const [next, found] = Array.isArray(answer) ? (answer as unknown[]) : []
    if (typeof next !== 'string' || !Array.isArray(found)) throw unsound('SCAN', answer)
    for (const key of found.map(String)) {
      if (!keys.has(key)) size += Buffer.byteLength(key)
      keys.add(key)
    }
    if (keys.size > MOST_KEYS) throw new TooLargeError(`more than ${MOST_KEYS} keys`)
    if (size > LARGEST_TREE) throw new TooLargeError(`more than ${LARGEST_TREE} bytes of keys`)
    cursor = next
  } while (cursor !== '0')
  return [...keys].toSorted()
}

/** Lengths before values, since one value may be as long as 512 MiB. A text: why the value is none. */
async function readLengths(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<Map<string, number | string>> {
  const lengths = new Map<string, number | string>()
  let size = 0
  for (let at = 0; at < keys.length; at += BATCH_KEYS) {
    const batch = keys.slice(at, at + BATCH_KEYS)
    const answers = await connection.askAll(batch.map((key) => ['STRLEN', key]))
    for (const [i, key] of batch.entries()) {
      const length = lengthOf(answers[i])
      lengths.set(key, length)
      size += Buffer.byteLength(key) + (typeof length === 'number' ? length : 0)
    }
    if (size > LARGEST_TREE) throw new TooLargeError(`more than ${LARGEST_TREE} bytes`)
  }
  return lengths
}

function lengthOf(answer: unknown): number | string {
  if (typeof answer === 'number') return answer
  if (answer instanceof RefusedError && (answer.code === 'WRONGTYPE' || answer.code === 'NOPERM'))
    return answer.message
  throw answer instanceof Error ? answer : unsound('STRLEN', answer)
}

function* batches(
  keys: readonly string[],
  lengths: ReadonlyMap<string, number | string>,
): Generator<string[], void> {
  let batch: string[] = []
  let size = 0
  for (const key of keys) {
    const length = lengths.get(key)
    if (typeof length !== 'number') continue
    if (batch.length === BATCH_KEYS || (size + length > BATCH_BYTES && batch.length > 0)) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(key)
    size += length
  }
  if (batch.length > 0) yield batch
}

/** Of the server's patterns: what has a meaning in them stands for itself. */
export function patternBelow(root: string): string {
  return `${root.replace(/[*?[\]\\^-]/g, '\\$&')}/*`
}

function unsound(command: string, answer: unknown): UnsoundAnswerError {
  return new UnsoundAnswerError(
    `${command} gave ${Array.isArray(answer) ? 'a list of another form' : typeof answer}`,
  )
}
