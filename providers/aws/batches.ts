/** What one call may ask for is limited; the items in groups of at most `size`. */
export function inBatches<T>(items: Iterable<T>, size: number): T[][] {
  const all = [...items]
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  )
}

/**
 * Reads all items, so many with each call; every call has ended when it returns.
 * @throws the first failure
 */
export async function eachBatch<T>(
  items: Iterable<T>,
  size: number,
  read: (batch: readonly T[]) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(inBatches(items, size).map((batch) => read(batch)))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
