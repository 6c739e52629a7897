/**
 * Routing as the admin API tells it: `/api/rawdata` in Traefik's shape, by full names, and what `/api/endpoints` adds.
 */
export interface RawData {
  readonly routers?: Readonly<Record<string, Facts>>
  readonly services?: Readonly<Record<string, Facts>>
  readonly middlewares?: Readonly<Record<string, Facts>>
}

type Facts = Readonly<Record<string, unknown>>

/** One entry of `/api/endpoints`. */
export interface RunningEndpoint {
  readonly service: string
  readonly url: string
  readonly state?: string
}

export interface Change {
  /** `name@provider`; of an endpoint, its service's name and its URL. */
  readonly name: string
  readonly change: 'added' | 'changed' | 'removed'
  /** What it is, in a few words: the rule and where it leads, or the state of an endpoint. */
  readonly about: string
  /** Each option that is another one now, by its path. */
  readonly options: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[]
}

export type RoutingDiff = Readonly<
  Record<'routers' | 'services' | 'endpoints' | 'middlewares', readonly Change[]>
>

/** What changes when the routing of `to` takes the place of the one that runs. Pure; sorted by name. */
export function diffRouting(
  from: RawData,
  to: RawData,
  running: readonly RunningEndpoint[],
  unread: readonly string[],
): RoutingDiff {
  const states = new Map(running.map(({ service, url, state }) => [`${service} ${url}`, state ?? '']))
  const compared = (of: Readonly<Record<string, Facts>> = {}): Map<string, Facts> =>
    new Map(Object.entries(of).filter(([name, facts]) => isCompared(name, facts, unread)))
  const resources = (kind: keyof RawData, about: (facts: Facts) => string): Change[] =>
    changes(plainFacts(compared(from[kind])), plainFacts(compared(to[kind])), about)
  return {
    routers: resources('routers', aboutRouter),
    services: resources('services', aboutService),
    endpoints: changes(serversOf(compared(from.services)), serversOf(compared(to.services)), () => '').map(
      (one) => ({
        ...one,
        about: one.change === 'removed' ? aboutRunning(states.get(one.name)) : one.about,
      }),
    ),
    middlewares: resources('middlewares', (facts) => Object.keys(facts).join(', ')),
  }
}

export function isEmptyDiff(diff: RoutingDiff): boolean {
  return Object.values(diff).every((found) => found.length === 0)
}

/** What the program adds itself, and what has not been read, has no counterpart; what is disabled is not served. */
function isCompared(name: string, facts: Facts, unread: readonly string[]): boolean {
  const provider = name.slice(name.lastIndexOf('@') + 1)
  return provider !== 'internal' && facts['status'] !== 'disabled' && !unread.includes(provider)
}

/** How things are going is no part of what was configured, and servers are compared by themselves. */
const OF_THE_MOMENT = new Set([
  'status',
  'using',
  'usedBy',
  'serverStatus',
  'error',
  'priorityStr',
  'name',
  'provider',
  'type',
])

function plainFacts(resources: ReadonlyMap<string, Facts>): Map<string, Facts> {
  return new Map([...resources].map(([name, facts]) => [name, withoutServers(facts)]))
}

function withoutServers(facts: Facts): Facts {
  const own = Object.entries(facts).filter(([key]) => !OF_THE_MOMENT.has(key))
  return Object.fromEntries(
    own.map(([key, value]) => {
      if (key !== 'loadBalancer' || !isSection(value)) return [key, value]
      const { servers: _, ...rest } = value
      return [key, rest]
    }),
  )
}

function serversOf(services: ReadonlyMap<string, Facts>): Map<string, Facts> {
  const found = new Map<string, Facts>()
  for (const [service, { loadBalancer }] of services) {
    if (!isSection(loadBalancer) || !Array.isArray(loadBalancer['servers'])) continue
    for (const server of loadBalancer['servers'] as Facts[]) {
      const { url, weight = 1, ...rest } = server
      found.set(`${service} ${String(url)}`, { weight, ...rest })
    }
  }
  return found
}

function changes(
  from: ReadonlyMap<string, Facts>,
  to: ReadonlyMap<string, Facts>,
  about: (facts: Facts) => string,
): Change[] {
  const names = [...new Set([...from.keys(), ...to.keys()])].toSorted()
  return names.flatMap((name): Change[] => {
    const [before, after] = [from.get(name), to.get(name)]
    if (!before) return [{ name, change: 'added', about: about(after!), options: [] }]
    if (!after) return [{ name, change: 'removed', about: about(before), options: [] }]
    const options = differences(before, after, '')
    return options.length === 0 ? [] : [{ name, change: 'changed', about: about(after), options }]
  })
}

function* leaves(value: unknown, path: string): Generator<[string, unknown]> {
  if (!isSection(value)) yield [path, value]
  else
    for (const [key, inner] of Object.entries(value))
      yield* leaves(inner, path === '' ? key : `${path}.${key}`)
}

function differences(before: Facts, after: Facts, path: string): Change['options'] {
  const [from, to] = [new Map(leaves(before, path)), new Map(leaves(after, path))]
  const paths = [...new Set([...from.keys(), ...to.keys()])].toSorted()
  return paths
    .filter((one) => JSON.stringify(from.get(one)) !== JSON.stringify(to.get(one)))
    .map((one) => ({ path: one, from: from.get(one), to: to.get(one) }))
}

function aboutRouter({ rule, service }: Facts): string {
  return [rule, service].filter((one) => typeof one === 'string').join(' → ')
}

function aboutService(facts: Facts): string {
  return Object.keys(facts).join(', ')
}

function aboutRunning(state: string | undefined): string {
  return state === undefined || state === '' ? '' : `now ${state}`
}

function isSection(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
