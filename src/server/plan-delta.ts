import { isDeepStrictEqual } from 'node:util'
import type {
  CertificatePlan,
  EndpointPlan,
  Plan,
  PlanDelta,
  ServiceDelta,
  ServicePlan,
  TlsDelta,
  TlsPlan,
} from './plan.ts'

/** What a worker holds before its first plan; the difference from it is the whole plan. */
export const EMPTY_PLAN: Plan = {
  version: 0,
  routers: new Map(),
  middlewares: new Map(),
  services: new Map(),
  transports: new Map(),
}

/**
 * What has to change in `from` to get `to`. Resources are compared by identity first and by value when they are not
 * the same object, so that plans that share what has not changed are compared in passing.
 */
export function planDelta(from: Plan, to: Plan): PlanDelta {
  return {
    base: from.version,
    version: to.version,
    routers: changes(from.routers, to.routers),
    middlewares: changes(from.middlewares, to.middlewares),
    services: serviceChanges(from.services, to.services),
    transports: changes(from.transports, to.transports),
    ...tlsChange(from.tls, to.tls),
  }
}

/** The whole plan as a difference from nothing, for a worker that has just started. */
export function fullDelta(plan: Plan): PlanDelta {
  return planDelta(EMPTY_PLAN, plan)
}

/** Whether the difference changes nothing, so that it need not be sent. */
export function isEmptyDelta({ routers, middlewares, services, transports, tls }: PlanDelta): boolean {
  return [routers, middlewares, services, transports].every(({ size }) => size === 0) && tls === undefined
}

/**
 * The plan after the difference; neither argument is changed, and what the difference does not name stays the same
 * object.
 * @throws Error when the difference was made from another version of the plan
 */
export function applyDelta(plan: Plan, delta: PlanDelta): Plan {
  if (delta.base !== plan.version) {
    throw new Error(
      `a difference from plan ${delta.base} to ${delta.version} cannot be applied to plan ${plan.version}`,
    )
  }
  return {
    version: delta.version,
    routers: patched(plan.routers, delta.routers, (router) => router),
    middlewares: patched(plan.middlewares, delta.middlewares, (middleware) => middleware),
    services: patched(plan.services, delta.services, patchedService),
    transports: patched(plan.transports, delta.transports, (transport) => transport),
    ...patchedTls(plan.tls, delta.tls),
  }
}

function changes<T>(from: ReadonlyMap<string, T>, to: ReadonlyMap<string, T>): Map<string, T | null> {
  const changed = new Map<string, T | null>()
  if (from === to) return changed
  for (const [name, value] of to) {
    const before = from.get(name)
    if (before !== value && !isDeepStrictEqual(before, value)) changed.set(name, value)
  }
  for (const name of from.keys()) if (!to.has(name)) changed.set(name, null)
  return changed
}

function serviceChanges(from: Plan['services'], to: Plan['services']): Map<string, ServiceDelta | null> {
  const changed = new Map<string, ServiceDelta | null>()
  for (const [name, service] of to) {
    const before = from.get(name)
    const delta = before === service ? undefined : serviceDelta(before, service)
    if (delta) changed.set(name, delta)
  }
  for (const name of from.keys()) if (!to.has(name)) changed.set(name, null)
  return changed
}

const NO_ENDPOINTS: ReadonlyMap<string, EndpointPlan> = new Map()

function serviceDelta(
  before: ServicePlan | undefined,
  { endpoints, ...settings }: ServicePlan,
): ServiceDelta | undefined {
  if (before === undefined) return { ...settings, endpoints }
  const changed = changes(before.endpoints, endpoints)
  const same = changed.size === 0 && sameSettings(before, settings)
  return same ? undefined : { ...settings, endpoints: changed }
}

function sameSettings(before: ServicePlan, settings: object): boolean {
  return isDeepStrictEqual(before, { ...settings, endpoints: before.endpoints })
}

function patched<T, D>(
  from: ReadonlyMap<string, T>,
  changed: ReadonlyMap<string, D | null>,
  patch: (delta: D, before: T | undefined) => T,
): ReadonlyMap<string, T> {
  if (changed.size === 0) return from
  const result = new Map(from)
  for (const [name, delta] of changed) {
    if (delta === null) result.delete(name)
    else result.set(name, patch(delta, from.get(name)))
  }
  return result
}

function patchedService(
  { endpoints, ...settings }: ServiceDelta,
  before: ServicePlan | undefined,
): ServicePlan {
  return {
    ...settings,
    endpoints: patched(before?.endpoints ?? NO_ENDPOINTS, endpoints, (endpoint) => endpoint),
  }
}

const NO_CERTIFICATES: ReadonlyMap<string, CertificatePlan> = new Map()

function tlsChange(from: TlsPlan | undefined, to: TlsPlan | undefined): { tls?: TlsDelta | null } {
  if (from === to) return {}
  if (to === undefined) return { tls: null }
  const { defaultCertificate, ticketKey } = to
  const certificates = changes(from?.certificates ?? NO_CERTIFICATES, to.certificates)
  const same =
    certificates.size === 0 &&
    from?.defaultCertificate === defaultCertificate &&
    isDeepStrictEqual(from.ticketKey, ticketKey)
  return same ? {} : { tls: { certificates, defaultCertificate, ticketKey } }
}

/** What TLS connections are opened with after the difference; the same object when it says nothing of it. */
export function patchedTls(tls: TlsPlan | undefined, delta: PlanDelta['tls']): { tls?: TlsPlan } {
  if (delta === undefined) return tls === undefined ? {} : { tls }
  if (delta === null) return {}
  const certificates = patched(
    tls?.certificates ?? NO_CERTIFICATES,
    delta.certificates,
    (certificate) => certificate,
  )
  return { tls: { ...delta, certificates } }
}
