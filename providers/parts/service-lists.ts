/** Names that are new, or whose tags are others; the order of tags means nothing. */
export function changedServices(before: Services, after: Services): string[] {
  return [...after].filter(([name, tags]) => !sameTags(before.get(name), tags)).map(([name]) => name)
}

type Services = ReadonlyMap<string, readonly string[]>

function sameTags(before: readonly string[] | undefined, after: readonly string[]): boolean {
  return (
    before !== undefined &&
    before.length === after.length &&
    before.toSorted().join('\0') === after.toSorted().join('\0')
  )
}
