import { suggest } from '../config/suggest.ts'
import type { EndpointStatus } from '../balancing/life-cycle.ts'

export interface Missing {
  readonly status: 404 | 409
  readonly error: string
  readonly remedy: string
}

/**
 * The endpoint that a person means: its service by full name, or without the provider where that is unique; itself by
 * key, URL, `host:port`, instance or the id of that.
 */
export function findEndpoint(
  endpoints: readonly EndpointStatus[],
  service: string,
  endpoint: string,
): EndpointStatus | Missing {
  const services = [...new Set(endpoints.map((one) => one.service))]
  const named = services.includes(service)
    ? [service]
    : services.filter((name) => name.slice(0, name.lastIndexOf('@')) === service)
  if (named.length === 0) return unknown('service', service, services, services)
  const candidates = endpoints.filter((one) => named.includes(one.service))
  const exact = candidates.filter(({ key }) => key === endpoint)
  const found = exact.length > 0 ? exact : candidates.filter((one) => namesOf(one).includes(endpoint))
  if (found.length === 1) return found[0]!
  if (found.length === 0) {
    const keys = candidates.map(({ key }) => key)
    return unknown('endpoint', endpoint, candidates.flatMap(namesOf), keys)
  }
  return {
    status: 409,
    error: `\`${endpoint}\` may be one of several endpoints`,
    remedy: `name one of ${list(found.map(({ service: of, key }) => `\`${key}\` of \`${of}\``))}`,
  }
}

function namesOf({ key, url, instance }: EndpointStatus): string[] {
  const id = instance === undefined ? [] : [instance, instance.replace(/ \(.*\)$/, '')]
  return [key, url, url.replace(/^\w+:\/\//, ''), ...id]
}

function unknown(what: string, name: string, known: readonly string[], shown: readonly string[]): Missing {
  const near = suggest(name, known)
  const some =
    shown.length === 0 ? 'there is none at all' : `there is ${list(shown.map((one) => `\`${one}\``))}`
  return {
    status: 404,
    error: `there is no ${what} \`${name}\``,
    remedy: near === undefined ? some : `did you mean \`${near}\`?`,
  }
}

function list(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}
