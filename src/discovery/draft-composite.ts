import { COMPOSITE_KINDS } from '../config/composite-services.ts'
import type { FailoverConfig, MirroringConfig, WeightedConfig } from '../config/composite-services.ts'
import type { Origin } from '../config/problem.ts'
import type { ServiceConfig } from '../config/routing.ts'
import { child } from '../config/source-tree.ts'
import type { SourceNode } from '../config/source-tree.ts'
import { parseStatusRange } from '../config/status-ranges.ts'
import type { StatusRange } from '../config/status-ranges.ts'
import type { Composition, FailoverErrorsPlan, SharePlan } from '../server/plan.ts'
import { complain } from './complaint.ts'
import type { DraftScope } from './draft.ts'
import { fullName } from './resource.ts'
import type { ResolvedComposite } from './routing-config.ts'
import { soundSticky } from './sticky-checks.ts'

/** The kinds that a service is said to be of. */
export function kindsOf(node: SourceNode): string[] {
  return ['loadBalancer', ...COMPOSITE_KINDS].filter((kind) => child(node, kind) !== undefined)
}

/**
 * A service that leads to others, which are not looked up yet; its `service` is undefined when it cannot be served.
 * Undefined for services of another kind.
 */
export function draftComposite(
  config: ServiceConfig,
  scope: DraftScope,
): { readonly service: ResolvedComposite | undefined } | undefined {
  const kind = COMPOSITE_KINDS.find((one) => config[one] !== undefined)
  if (kind === undefined) return undefined
  const { origin, node } = scope.definition
  if (!scope.trusted) return refused(kind, scope)
  const own = child(node, kind)
  const composition = new Drafting(scope, own).composition(config)
  const sticky = soundSticky(config.weighted?.sticky, child(own, 'sticky'), scope)
  sayInstancesHaveNoEffect(kind, scope)
  return { service: composition && { kind, composition, ...(sticky && { sticky }), endpoints: [], origin } }
}

/** It could lead the requests of others astray. */
function refused(
  kind: string,
  { definition: { origin }, problems, resource }: DraftScope,
): { service: undefined } {
  const message = `\`${kind}\` is not taken from a service's tags`
  const remedy = 'define it in a file of the file provider and refer to it by name'
  problems.push(complain({ code: 'E110', origin, resource, message, remedy }))
  return { service: undefined }
}

class Drafting {
  readonly #scope: DraftScope
  readonly #node: SourceNode | undefined

  constructor(scope: DraftScope, node: SourceNode | undefined) {
    this.#scope = scope
    this.#node = node
  }

  composition({
    weighted,
    highestRandomWeight,
    mirroring,
    failover,
  }: ServiceConfig): Composition | undefined {
    if (weighted) return this.#shared('weighted', weighted)
    if (highestRandomWeight) return this.#shared('highestRandomWeight', highestRandomWeight)
    if (mirroring) return this.#mirroring(mirroring)
    return failover && this.#failover(failover)
  }

  #shared<K extends 'weighted' | 'highestRandomWeight'>(
    kind: K,
    { services }: Pick<WeightedConfig, 'services'>,
  ): { kind: K; services: SharePlan[] } | undefined {
    if (services.length === 0) {
      this.#complain('E103', this.#origin(), `\`${kind}.services\` is empty`, 'name the services in it')
      return undefined
    }
    // A service that is named twice has both shares.
    const weights = new Map<string, number>()
    for (const { name, weight } of services) {
      const full = this.#full(name)
      weights.set(full, (weights.get(full) ?? 0) + weight)
    }
    return { kind, services: [...weights].map(([name, weight]) => ({ name, weight })) }
  }

  #mirroring({ service, mirrorBody, maxBodySize, mirrors }: MirroringConfig): Composition {
    return {
      kind: 'mirroring',
      service: this.#full(service),
      mirrorBody,
      maxBodySize,
      mirrors: mirrors.map(({ name, percent }) => ({ name: this.#full(name), percent })),
    }
  }

  #failover({ service, fallback, errors }: FailoverConfig): Composition | undefined {
    const read = errors && this.#errors(errors)
    if (errors && !read) return undefined
    return {
      kind: 'failover',
      service: this.#full(service),
      fallback: this.#full(fallback),
      ...(read && { errors: read }),
    }
  }

  #errors({
    status,
    maxRequestBodyBytes,
  }: NonNullable<FailoverConfig['errors']>): FailoverErrorsPlan | undefined {
    const node = child(child(this.#node, 'errors'), 'status')
    const ranges = status.map((text, i) => {
      const range = parseStatusRange(text)
      const origin = (node?.kind === 'list' ? node.items[i]?.origin : node?.origin) ?? this.#origin()
      if (!range)
        this.#complain(
          'E102',
          origin,
          `\`failover.errors.status[${i}]\`: \`${text.slice(0, 40)}\` is neither a status nor a range`,
          'write `503` or `500-599`',
        )
      return range
    })
    const good = ranges.filter((range): range is StatusRange => range !== undefined)
    return good.length === ranges.length ? { status: good, maxRequestBodyBytes } : undefined
  }

  #full(name: string): string {
    return fullName(name, this.#scope.merged.provider)
  }

  #origin(): Origin {
    return this.#node?.origin ?? this.#scope.definition.origin
  }

  #complain(code: 'E102' | 'E103', origin: Origin, message: string, remedy: string): void {
    const { problems, resource } = this.#scope
    problems.push(complain({ code, origin, resource, message, remedy }))
  }
}

/** Instances may serve a service of this name, but requests go to those that it leads to. */
function sayInstancesHaveNoEffect(
  kind: string,
  { merged, definition, problems, resource }: DraftScope,
): void {
  const { length } = merged.endpoints
  if (length === 0) return
  problems.push(
    complain({
      code: 'E106',
      severity: 'warning',
      origin: definition.origin,
      resource,
      message: `${length} instance${length === 1 ? ' serves' : 's serve'} ${resource}, but it is \`${kind}\` and leads to others`,
      remedy: 'give it another name',
    }),
  )
}
