import type { EndpointStatus } from '../balancing/life-cycle.ts'
import { INTERNAL_SERVICES } from '../discovery/resource.ts'
import type { ResolvedComposite, ResolvedLoadBalancer, RoutingConfig } from '../discovery/routing-config.ts'

export interface ExplainedEndpoint {
  readonly key: string
  readonly url: string
  readonly instance?: string
  readonly state: EndpointStatus['state']
  readonly reason: string
  readonly weight: number
  /** Whether the request may be sent to it now. */
  readonly eligible: boolean
  /** Why, or why not. */
  readonly why: string
}

export interface ExplainedService {
  readonly name: string
  readonly kind: string
  /** How it comes to an answer, in words. */
  readonly says: string
  /** Whether anything of it can answer now. */
  readonly canAnswer: boolean
  /** No endpoint is ready, and so all that do not drain are tried. */
  readonly panic?: true
  readonly endpoints?: readonly ExplainedEndpoint[]
  /** The services that it leads to, and which part each has. */
  readonly services?: readonly { readonly part: string; readonly service: ExplainedService }[]
}

type EndpointsByService = ReadonlyMap<string, readonly EndpointStatus[]>

/** What would answer the request behind a router: a service, with all that it leads to. */
export function explainService(
  name: string,
  services: RoutingConfig['services'],
  endpoints: EndpointsByService,
): ExplainedService {
  const internal = INTERNAL_SERVICES.get(name)
  if (internal !== undefined) return { name, kind: 'internal', says: internal, canAnswer: true }
  const service = services.get(name)
  if (!service) return { name, kind: 'missing', says: 'there is no such service: 503', canAnswer: false }
  return service.kind === 'loadBalancer'
    ? explainBalancer(name, service, endpoints.get(name) ?? [])
    : explainComposite(name, service, (child) => explainService(child, services, endpoints))
}

function explainBalancer(
  name: string,
  { config }: ResolvedLoadBalancer,
  known: readonly EndpointStatus[],
): ExplainedService {
  const usable = known.filter(isUsable)
  const open = usable.filter(isOpen)
  const panic = open.length === 0 && usable.length > 0
  const total = (panic ? usable : open).reduce((sum, { weight }) => sum + weight, 0)
  const endpoints = known.map((one) => explainEndpoint(one, panic, total))
  const sticky = config.sticky?.cookie ? '; a session stays where its cookie says' : ''
  const says =
    usable.length === 0
      ? `none of its ${known.length} endpoints may be used: 503`
      : `chooses by \`${config.strategy}\` among ${panic ? usable.length : open.length} of ${known.length} endpoints${sticky}`
  return {
    name,
    kind: 'loadBalancer',
    says: panic ? `${says}: none is ready, and so all that do not drain are tried` : says,
    canAnswer: usable.length > 0,
    ...(panic ? { panic } : {}),
    endpoints,
  }
}

function isUsable({ state, weight }: EndpointStatus): boolean {
  return state !== 'draining' && state !== 'gone' && weight > 0
}

function isOpen({ state }: EndpointStatus): boolean {
  return state === 'ready' || state === 'warming'
}

function explainEndpoint(one: EndpointStatus, panic: boolean, total: number): ExplainedEndpoint {
  const { key, url, instance, state, reason, weight } = one
  const eligible = isUsable(one) && (panic || isOpen(one))
  const why = whyOf(one, panic, total)
  return { key, url, ...(instance === undefined ? {} : { instance }), state, reason, weight, eligible, why }
}

function whyOf(one: EndpointStatus, panic: boolean, total: number): string {
  const { state, reason, weight } = one
  if (state === 'gone') return `it is gone: ${reason}`
  if (state === 'draining') return `nothing new is sent to it: ${reason}`
  if (weight === 0) return 'its weight is 0'
  const share = `${Math.round((weight / total) * 100)} % of the weight`
  if (state === 'ready') return share
  if (state === 'warming') return `${share}, growing little by little: ${reason}`
  if (panic) return `${share}, though ${state} (${reason}), since none is ready`
  const { returnsIn } = one
  const until = returnsIn === undefined ? '' : `, for ${Math.ceil(returnsIn / 1_000)} s more`
  return `${state}${until}: ${reason}`
}

function explainComposite(
  name: string,
  { kind, composition, sticky }: ResolvedComposite,
  explain: (child: string) => ExplainedService,
): ExplainedService {
  const services = partsOf(composition).map(({ part, child }) => ({ part, service: explain(child) }))
  const answering = composition.kind === 'mirroring' ? services.slice(0, 1) : services
  return {
    name,
    kind,
    says: `${WORDS[kind]}${sticky?.cookie ? '; a session stays where its cookie says' : ''}`,
    canAnswer: answering.some(({ service }) => service.canAnswer),
    services,
  }
}

const WORDS: Readonly<Record<ResolvedComposite['kind'], string>> = {
  weighted: 'divides requests by weight; a service that cannot answer is passed over',
  highestRandomWeight: 'divides clients by weight; a service that cannot answer is passed over',
  mirroring: 'one service answers, the others get copies',
  failover: 'the second answers when the first cannot',
}

function partsOf(composition: ResolvedComposite['composition']): { part: string; child: string }[] {
  switch (composition.kind) {
    case 'weighted':
    case 'highestRandomWeight': {
      const total = composition.services.reduce((sum, { weight }) => sum + weight, 0)
      return composition.services.map(({ name, weight }) => ({
        part: total === 0 ? 'weight 0' : `${Math.round((weight / total) * 100)} %`,
        child: name,
      }))
    }
    case 'mirroring':
      return [
        { part: 'answers', child: composition.service },
        ...composition.mirrors.map(({ name, percent }) => ({ part: `copies of ${percent} %`, child: name })),
      ]
    case 'failover':
      return [
        { part: 'answers', child: composition.service },
        { part: 'otherwise', child: composition.fallback },
      ]
  }
}
