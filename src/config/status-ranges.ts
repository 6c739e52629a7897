/** Statuses from the first to the last, both included. */
export type StatusRange = readonly [first: number, last: number]

/** `503` or `500-599`; undefined when it is neither, or no status of an answer. */
export function parseStatusRange(text: string): StatusRange | undefined {
  const [, first, last = first] = /^(\d{3})(?:-(\d{3}))?$/.exec(text.replaceAll(' ', '')) ?? []
  const range: StatusRange = [Number(first), Number(last)]
  return range[0] >= 200 && range[1] <= 599 && range[0] <= range[1] ? range : undefined
}
