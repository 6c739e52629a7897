/** Statuses from `from` to `to`, both included. */
type Range = readonly [from: number, to: number]

/** Statuses as configuration names them: `500`, `500-599`, or several with commas between; or why it cannot be so. */
export function parseStatuses(texts: readonly string[]): Range[] | string {
  const ranges: Range[] = []
  for (const text of texts.flatMap((one) => one.split(','))) {
    const [, from, to = from] = /^\s*([1-5]\d\d)\s*(?:-\s*([1-5]\d\d)\s*)?$/.exec(text) ?? []
    if (from === undefined)
      return `\`${text.trim()}\` is no status such as \`503\` and no range such as \`500-599\``
    if (Number(from) > Number(to)) return `the range \`${text.trim()}\` ends before it begins`
    ranges.push([Number(from), Number(to)])
  }
  return ranges
}

/** A test for the statuses that `parseStatuses` takes. */
export function compileStatuses(texts: readonly string[]): (status: number) => boolean {
  const ranges = parseStatuses(texts)
  if (typeof ranges === 'string') throw new TypeError(ranges)
  return (status) => ranges.some(([from, to]) => status >= from && status <= to)
}
