/** What the membership log knows of one endpoint; an endpoint of a plan is one. */
export interface EndpointView {
  /** As shown in logs and the API. */
  readonly url: string
  readonly state: 'warming' | 'ready' | 'unhealthy' | 'ejected' | 'draining'
  /** Why it is in this state, where whoever put it there says so: `probe answered 500`. */
  readonly reason?: string
}

/** Endpoints by key, by full name of their service. */
export type Membership = ReadonlyMap<string, ReadonlyMap<string, EndpointView>>

/** Why an endpoint is in another state now, or gone, where that is known. */
export type ChangeReason = (service: string, key: string) => string | undefined

export interface MembershipLine {
  readonly service: string
  readonly message: string
  /** For machines: URLs by what happened to them, and how many are ready now. */
  readonly fields: Readonly<Record<string, unknown>>
}

type Change = 'joined' | 'up' | 'down' | 'draining' | 'left'

/** In the order of a sentence. */
const CHANGES: readonly Change[] = ['joined', 'up', 'down', 'draining', 'left']
/** A line stays readable when a thousand instances change at once. */
const URLS_PER_CHANGE = 10

/** One line for each service whose membership changed: what joined, came up, went down, drains and left, and why. */
export function* membershipLines(
  before: Membership,
  after: Membership,
  whyChanged?: ChangeReason,
): Generator<MembershipLine> {
  for (const service of new Set([...before.keys(), ...after.keys()])) {
    const changes = serviceChanges(service, before.get(service), after.get(service), whyChanged)
    if (changes.length > 0) yield line(service, changes, after.get(service))
  }
}

interface EndpointChange {
  readonly change: Change
  readonly url: string
  readonly reason: string
}

const NONE: ReadonlyMap<string, EndpointView> = new Map()

function serviceChanges(
  service: string,
  before: ReadonlyMap<string, EndpointView> = NONE,
  after: ReadonlyMap<string, EndpointView> = NONE,
  whyChanged?: ChangeReason,
): EndpointChange[] {
  if (before === after) return []
  const changes: EndpointChange[] = []
  for (const [key, view] of after) {
    const found = transition(before.get(key), view)
    if (!found) continue
    const reason = view.reason ?? whyChanged?.(service, key) ?? found[1]
    changes.push({ change: found[0], url: view.url, reason })
  }
  for (const [key, view] of before) {
    if (after.has(key)) continue
    const reason = view.state === 'draining' ? 'drained' : 'no longer in its source'
    changes.push({ change: 'left', url: view.url, reason: whyChanged?.(service, key) ?? reason })
  }
  return changes
}

/** What the step from one state to the next is called, and why it happens when nobody says otherwise. */
function transition(before: EndpointView | undefined, { state }: EndpointView): [Change, string] | undefined {
  if (!before) return joined(state)
  if (before.state === state) return undefined
  switch (state) {
    case 'ready':
      return ['up', before.state === 'draining' ? 'came back during its drain' : 'server up']
    case 'warming':
      return ['up', 'warming up']
    case 'draining':
      return ['draining', 'on its way out']
    case 'unhealthy':
      return ['down', 'server down']
    case 'ejected':
      return ['down', 'ejected after failures']
  }
}

function joined(state: EndpointView['state']): [Change, string] {
  switch (state) {
    case 'ready':
      return ['joined', 'server up']
    case 'warming':
      return ['joined', 'warming up']
    case 'draining':
      return ['draining', 'on its way out since it was found']
    case 'unhealthy':
    case 'ejected':
      return ['joined', 'not healthy yet']
  }
}

function line(
  service: string,
  changes: readonly EndpointChange[],
  now: ReadonlyMap<string, EndpointView> | undefined,
): MembershipLine {
  const states = [...(now?.values() ?? [])]
  const ready = states.filter(({ state }) => state === 'ready' || state === 'warming').length
  const draining = states.filter(({ state }) => state === 'draining').length
  const parts = CHANGES.flatMap((change) =>
    describe(
      change,
      changes.filter((one) => one.change === change),
    ),
  )
  const counts = `${ready} ready${draining === 0 ? '' : `, ${draining} draining`}`
  return {
    service,
    message: `${service}: ${parts.join('; ')} — ${counts}`,
    fields: { service, ...urlsByChange(changes), ready, endpoints: states.length },
  }
}

/** `joined http://a and http://b (server up)`: endpoints that share a reason share it in the sentence. */
function describe(change: Change, changes: readonly EndpointChange[]): string[] {
  const byReason = Map.groupBy(changes, ({ reason }) => reason)
  return [...byReason].map(
    ([reason, group]) => `${change} ${listed(group.map(({ url }) => url))} (${reason})`,
  )
}

function listed(urls: readonly string[]): string {
  const shown = urls.slice(0, URLS_PER_CHANGE).join(', ')
  return urls.length > URLS_PER_CHANGE ? `${shown} and ${urls.length - URLS_PER_CHANGE} more` : shown
}

function urlsByChange(changes: readonly EndpointChange[]): Record<string, string[]> {
  const groups = Map.groupBy(changes, ({ change }) => change)
  return Object.fromEntries([...groups].map(([change, group]) => [change, group.map(({ url }) => url)]))
}
