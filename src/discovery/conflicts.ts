import type { Problem } from '../config/problem.ts'
import type { SourceNode } from '../config/source-tree.ts'
import { complain, enumerate } from './complaint.ts'
import { withoutEndpoints } from './definitions.ts'
import type { MergedResource, Variant } from './merge.ts'
import { resourceName } from './resource.ts'

/** One E209 for each definition of the resource that is not the one served: who holds it, and where it differs. */
export function conflictProblems(merged: MergedResource, served: Variant): Problem[] {
  const resource = resourceName(merged.kind, merged.fullName)
  return merged.variants
    .filter((variant) => variant !== served)
    .map((variant) => {
      const [first, ...rest] = differences(merged, variant, served)
      return complain({
        code: 'E209',
        resource,
        origin: first?.origin ?? variant.definition.origin,
        message: `${resource} is defined differently by ${holders(variant)}${differingIn([first, ...rest])}; the definition of ${holders(served)} is served`,
        remedy:
          variant.definition.part === undefined
            ? 'give all instances the same tags, or the resource another name'
            : 'keep one of the definitions, or give this one another name',
      })
    })
}

function holders({ definition, instances }: Variant): string {
  if (definition.part !== undefined)
    return definition.part === '' ? definition.origin.source : definition.part
  const names = instances.map(({ id }) => id)
  return `${names.length} instance${names.length === 1 ? '' : 's'} (${enumerate(names)})`
}

function differingIn(found: readonly (Difference | undefined)[]): string {
  const paths = found.flatMap((difference) => (difference ? [`\`${difference.path}\``] : []))
  return paths.length === 0 ? '' : ` in ${enumerate(paths)}`
}

interface Difference {
  /** Key path; values are never shown, since they may be secrets. */
  readonly path: string
  readonly origin: SourceNode['origin'] | undefined
}

function differences({ kind }: MergedResource, loser: Variant, served: Variant): Difference[] {
  const [mine, theirs] = [loser, served].map(({ definition: { node } }) =>
    kind === 'services' ? withoutEndpoints(node) : node,
  )
  const found = [...compare(mine, theirs, '')]
  const siblings = loser.definition.siblings.join() !== served.definition.siblings.join()
  return found.length === 0 && kind === 'routers' && siblings
    ? [{ path: 'service', origin: undefined }]
    : found
}

function* compare(
  mine: SourceNode | undefined,
  theirs: SourceNode | undefined,
  path: string,
): Generator<Difference> {
  if (mine?.kind === 'section' && theirs?.kind === 'section') {
    const others = new Map(
      [...theirs.entries].map(([key, value]) => [key.toLowerCase(), [key, value] as const]),
    )
    for (const [key, value] of mine.entries) {
      yield* compare(value, others.get(key.toLowerCase())?.[1], join(path, key))
      others.delete(key.toLowerCase())
    }
    for (const [key, value] of others.values()) yield* compare(undefined, value, join(path, key))
  } else if (!same(mine, theirs)) {
    yield { path, origin: mine?.origin }
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function same(a: SourceNode | undefined, b: SourceNode | undefined): boolean {
  if (a?.kind === 'scalar' && b?.kind === 'scalar') return String(a.value) === String(b.value)
  if (a?.kind === 'list' && b?.kind === 'list') {
    return (
      a.items.length === b.items.length &&
      a.items.every((item, i) => [...compare(item, b.items[i], '')].length === 0)
    )
  }
  return a === b
}
