import type { EndpointStatus } from '../balancing/life-cycle.ts'
import { findEndpoint } from './find-endpoint.ts'
import type { Page } from './page.ts'

/** What the pages about endpoints ask for and change. */
export interface EndpointAdmin {
  readonly endpoints: readonly EndpointStatus[]
  /** False when there is none of this name. */
  drain(service: string, endpoint: string, reason: string): boolean
  /** False when it was not drained. */
  undrain(service: string, endpoint: string): boolean
}

/** Letters of a reason: it is shown in lines of logs and tables. */
const LONGEST_REASON = 200

export function endpointPages(admin: EndpointAdmin): Page[] {
  return [
    { method: 'GET', path: '/api/endpoints', answer: () => ({ status: 200, body: admin.endpoints }) },
    { method: 'POST', path: '/api/endpoints/drain', answer: (body) => change(admin, body, drain) },
    { method: 'POST', path: '/api/endpoints/undrain', answer: (body) => change(admin, body, undrain) },
  ]
}

interface Wish {
  readonly service: string
  readonly endpoint: string
  readonly reason: string
}

type Change = (admin: EndpointAdmin, wish: Wish, found: EndpointStatus | undefined) => boolean

const drain: Change = (admin, { reason }, found) =>
  found !== undefined && admin.drain(found.service, found.key, reason)

/** Also of an endpoint that is away: the drain waits for it. */
const undrain: Change = (admin, { service, endpoint }, found) =>
  found ? admin.undrain(found.service, found.key) : admin.undrain(service, endpoint)

function change(admin: EndpointAdmin, body: unknown, make: Change): ReturnType<Page['answer']> {
  const wish = wishOf(body)
  if (typeof wish === 'string')
    return {
      status: 400,
      body: { error: wish, remedy: 'send `{"service": "whoami@file", "endpoint": "10.0.0.1:8080"}`' },
    }
  const found = findEndpoint(admin.endpoints, wish.service, wish.endpoint)
  const missing = 'error' in found
  const done = make(admin, wish, missing ? undefined : found)
  if (done) {
    const { service, key } = missing ? { service: wish.service, key: wish.endpoint } : found
    const now = admin.endpoints.find((one) => one.service === service && one.key === key)
    return { status: 200, body: now ?? { service, key }, log: { service, endpoint: key } }
  }
  if (missing) return { status: found.status, body: { error: found.error, remedy: found.remedy } }
  return {
    status: 409,
    body: {
      error: `\`${found.key}\` of \`${found.service}\` was not drained by an operator`,
      remedy: `it is ${found.state}: ${found.reason}`,
    },
  }
}

function wishOf(body: unknown): Wish | string {
  if (typeof body !== 'object' || body === null) return 'the body is no JSON object'
  const { service, endpoint, reason = '' } = body as Record<string, unknown>
  if (typeof service !== 'string' || service === '') return '`service` is missing'
  if (typeof endpoint !== 'string' || endpoint === '') return '`endpoint` is missing'
  if (typeof reason !== 'string' || reason.length > LONGEST_REASON || /\p{Cc}/u.test(reason))
    return `\`reason\` is no line of at most ${LONGEST_REASON} letters`
  return { service, endpoint, reason }
}
