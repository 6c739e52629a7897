/** What one call may ask for is limited; the items in groups of at most `size`. */
export function inBatches<T>(items: Iterable<T>, size: number): T[][] {
  const all = [...items]
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  )
}
