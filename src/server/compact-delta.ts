import type { Rule } from '../routing/rule-tree.ts'
import type { EndpointPlan, EndpointState, PlanDelta, RouterPlan, ServiceDelta } from './plan.ts'

/**
 * A difference that came as a message, in less memory: of equal texts one is kept (a message has each in a copy of
 * its own), and objects are made anew with their fields inside (those of messages keep half of them in a list beside
 * themselves). At 50,000 endpoints that is 16 MiB in each worker.
 */
export function compactDelta(delta: PlanDelta): PlanDelta {
  const texts = new Map<string, string>()
  const once: Once = (text) => texts.getOrInsert(text, text) as typeof text
  return {
    ...delta,
    routers: mapped(delta.routers, once, compactRouter),
    services: mapped(delta.services, once, compactService),
  }
}

type Once = <T extends string>(text: T) => T

function mapped<T>(
  from: ReadonlyMap<string, T | null>,
  once: Once,
  compact: (value: T, once: Once) => T,
): ReadonlyMap<string, T | null> {
  const compacted = new Map<string, T | null>()
  for (const [name, value] of from) compacted.set(once(name), value === null ? null : compact(value, once))
  return compacted
}

/** `satisfies`: a field that is added to the plan may not be forgotten here. */
function compactRouter(router: RouterPlan, once: Once): RouterPlan {
  const { entryPoints, rule, priority, rank, middlewares, service, memories, tls } = router
  const compacted = {
    entryPoints: entryPoints.map(once),
    rule: compactRule(rule, once),
    priority,
    rank,
    middlewares: middlewares.length === 0 ? NONE : middlewares.map(once),
    service: once(service),
  } satisfies Record<Exclude<keyof RouterPlan, 'memories' | 'tls'>, unknown>
  if (memories === undefined && tls === undefined) return compacted
  return { ...compacted, ...(memories && { memories }), ...(tls !== undefined && { tls }) }
}

const NONE: readonly string[] = []

function compactRule(rule: Rule, once: Once): Rule {
  if (rule.op === 'match') return { op: 'match', name: once(rule.name), args: rule.args.map(once) }
  if (rule.op === 'not') return { op: 'not', rule: compactRule(rule.rule, once) }
  return { op: once(rule.op), left: compactRule(rule.left, once), right: compactRule(rule.right, once) }
}

function compactService(service: ServiceDelta, once: Once): ServiceDelta {
  const endpoints = mapped(service.endpoints, once, compactEndpoint)
  // Of composite services there are few.
  if (service.kind !== 'loadBalancer') return { ...service, endpoints }
  return { ...service, strategy: once(service.strategy), endpoints }
}

const STATES: Readonly<Record<EndpointState, EndpointState>> = {
  warming: 'warming',
  ready: 'ready',
  unhealthy: 'unhealthy',
  ejected: 'ejected',
  draining: 'draining',
}

function compactEndpoint(endpoint: EndpointPlan, once: Once): EndpointPlan {
  const { url, tls, address, port, authority, pathPrefix, weight, state, warmingSince, zone, canary } =
    endpoint
  const compacted = {
    url: once(url),
    tls,
    address: once(address),
    port,
    authority: once(authority),
    pathPrefix: once(pathPrefix),
    weight,
    state: STATES[state],
  } satisfies Record<Exclude<keyof EndpointPlan, 'warmingSince' | 'zone' | 'canary'>, unknown>
  if (warmingSince === undefined && zone === undefined && canary === undefined) return compacted
  return {
    ...compacted,
    ...(warmingSince !== undefined && { warmingSince }),
    ...(zone !== undefined && { zone: once(zone) }),
    ...(canary && { canary }),
  }
}
