import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import { TooLargeError } from '../parts/store-errors.ts'
import type { RedisConnection } from './connection.ts'
import { RefusedError } from './errors.ts'

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

/**
 * All keys below `root` with their values, a batch at a time: what changes meanwhile may be seen in part.
 * @throws TooLargeError, RefusedError, UnsoundAnswerError, or what ended the connection
 */
export async function readTree(connection: RedisConnection, root: string): Promise<Map<string, string>> {
  return await readValues(connection, await findKeys(connection, root))
}

/**
 * Values of these keys, without those that are gone. A list or the like stands as a character that no option takes,
 * so that it is told as a wrong value of its key.
 */
export async function readValues(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  const lengths = await readLengths(connection, keys)
  for (const [key, length] of lengths) if (length === undefined) values.set(key, NO_TEXT)
  for (const batch of batches(lengths)) {
    const answer: unknown = await connection.ask('MGET', ...batch)
    if (!Array.isArray(answer) || answer.length !== batch.length) throw unsound('MGET', answer)
    for (const [i, value] of (answer as unknown[]).entries()) {
      if (typeof value === 'string') values.set(batch[i]!, value)
    }
  }
  return values
}

const NO_TEXT = '\u{fffd}'

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

/** Lengths before values, since one value may be as long as 512 MiB. Undefined: it has none, as it is no text. */
async function readLengths(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<Map<string, number | undefined>> {
  const lengths = new Map<string, number | undefined>()
  let size = 0
  for (let at = 0; at < keys.length; at += BATCH_KEYS) {
    const batch = keys.slice(at, at + BATCH_KEYS)
    const answers = await connection.askAll(batch.map((key) => ['STRLEN', key]))
    for (const [i, key] of batch.entries()) {
      const length = lengthOf(answers[i])
      lengths.set(key, length)
      size += Buffer.byteLength(key) + (length ?? 0)
    }
    if (size > LARGEST_TREE) throw new TooLargeError(`more than ${LARGEST_TREE} bytes`)
  }
  return lengths
}

function lengthOf(answer: unknown): number | undefined {
  if (typeof answer === 'number') return answer
  if (answer instanceof RefusedError && answer.code === 'WRONGTYPE') return undefined
  throw answer instanceof Error ? answer : unsound('STRLEN', answer)
}

/** Keys whose values are asked for together. */
function* batches(lengths: ReadonlyMap<string, number | undefined>): Generator<string[], void> {
  let batch: string[] = []
  let size = 0
  for (const [key, length] of lengths) {
    if (length === undefined) continue
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
