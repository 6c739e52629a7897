import type { EndpointStatus } from '../../balancing/life-cycle.ts'
import { findEndpoint } from '../find-endpoint.ts'
import { complaint } from '../page.ts'
import type { Page, PageAnswer } from '../page.ts'
import { choice, flag, integer, listOf, number, object, text, time } from '../schema.ts'

/** What the pages about endpoints ask for and change. */
export interface EndpointAdmin {
  readonly endpoints: readonly EndpointStatus[]
  /** False when there is none of this name. */
  drain(service: string, endpoint: string, reason: string): boolean
  /** False when it was not drained. */
  undrain(service: string, endpoint: string): boolean
  /** Undefined takes a weight back. False when there is none of this name, or nothing to take back. */
  weigh(service: string, endpoint: string, weight: number | undefined): boolean
}

/** Letters of a reason: it is shown in lines of logs and tables. */
const LONGEST_REASON = 200
const LARGEST_WEIGHT = 1_000_000

export function endpointPages(admin: EndpointAdmin): Page[] {
  return [
    {
      method: 'GET',
      path: '/api/endpoints',
      summary: 'Every endpoint that is known, its state, and why it is in it.',
      parameters: { service: 'Only those of this service.', state: 'Only those in this state.' },
      answers: listOf(ENDPOINT),
      answer: ({ query }) => ({ status: 200, body: admin.endpoints.filter((one) => isWanted(one, query)) }),
    },
    {
      method: 'POST',
      path: '/api/endpoints/drain',
      summary: 'Sends nothing new to an endpoint, until `undrain`.',
      body: object({ ...NAMES, 'reason?': text('Why, as it is shown with the endpoint.') }),
      answers: CHANGED,
      answer: ({ body }) => change(admin, body, drain),
    },
    {
      method: 'POST',
      path: '/api/endpoints/undrain',
      summary: 'Sends requests to an endpoint again.',
      body: object(NAMES),
      answers: CHANGED,
      answer: ({ body }) => change(admin, body, undrain),
    },
    {
      method: 'POST',
      path: '/api/endpoints/weight',
      summary: 'Gives an endpoint another weight than its source names, whatever that names later.',
      body: object({
        ...NAMES,
        weight: {
          type: ['integer', 'null'],
          description: 'From 0 to 1,000,000; null: as its source names it.',
        },
      }),
      answers: CHANGED,
      answer: ({ body }) => change(admin, body, weigh),
    },
  ]
}

function isWanted({ service, state }: EndpointStatus, query: URLSearchParams): boolean {
  const [ofService, inState] = [query.get('service'), query.get('state')]
  return (ofService === null || service === ofService) && (inState === null || state === inState)
}

interface Wish {
  readonly service: string
  readonly endpoint: string
  readonly reason: string
  /** Null: as its source names it. */
  readonly weight: number | null | undefined
}

interface Change {
  /** What is wrong with the wish itself. */
  readonly check?: (wish: Wish) => string | undefined
  readonly make: (admin: EndpointAdmin, wish: Wish, found: EndpointStatus | undefined) => boolean
  /** Why an endpoint that there is may be left as it is. */
  readonly refused: string
}

const drain: Change = {
  make: (admin, { reason }, found) => found !== undefined && admin.drain(found.service, found.key, reason),
  refused: 'cannot be drained',
}

/** Also of an endpoint that is away: the drain waits for it. */
const undrain: Change = {
  make: (admin, { service, endpoint }, found) =>
    found ? admin.undrain(found.service, found.key) : admin.undrain(service, endpoint),
  refused: 'was not drained by an operator',
}

const weigh: Change = {
  check: ({ weight }) =>
    weight === undefined
      ? `\`weight\` is neither null nor a whole number from 0 to ${LARGEST_WEIGHT}`
      : undefined,
  make: (admin, { service, endpoint, weight }, found) =>
    found
      ? admin.weigh(found.service, found.key, weight ?? undefined)
      : weight === null && admin.weigh(service, endpoint, undefined),
  refused: 'was given no weight by an operator',
}

function change(admin: EndpointAdmin, body: unknown, { check, make, refused }: Change): PageAnswer {
  const wish = wishOf(body)
  const wrong = typeof wish === 'string' ? wish : check?.(wish)
  if (typeof wish === 'string' || wrong !== undefined)
    return complaint(400, String(wrong), 'send `{"service": "whoami@file", "endpoint": "10.0.0.1:8080"}`')
  const found = findEndpoint(admin.endpoints, wish.service, wish.endpoint)
  const missing = 'error' in found
  const done = make(admin, wish, missing ? undefined : found)
  if (done) {
    const { service, key } = missing ? { service: wish.service, key: wish.endpoint } : found
    const now = admin.endpoints.find((one) => one.service === service && one.key === key)
    const { weight } = wish
    const log = { service, endpoint: key, ...(weight === undefined ? {} : { weight }) }
    return { status: 200, body: now ?? { service, key }, log }
  }
  if (missing) return complaint(found.status, found.error, found.remedy)
  return complaint(
    409,
    `\`${found.key}\` of \`${found.service}\` ${refused}`,
    `it is ${found.state}: ${found.reason}`,
  )
}

function wishOf(body: unknown): Wish | string {
  if (typeof body !== 'object' || body === null) return 'the body is no JSON object'
  const { service, endpoint, reason = '', weight } = body as Record<string, unknown>
  if (typeof service !== 'string' || service === '') return '`service` is missing'
  if (typeof endpoint !== 'string' || endpoint === '') return '`endpoint` is missing'
  if (typeof reason !== 'string' || reason.length > LONGEST_REASON || /\p{Cc}/u.test(reason))
    return `\`reason\` is no line of at most ${LONGEST_REASON} letters`
  return { service, endpoint, reason, weight: isWeight(weight) ? weight : undefined }
}

function isWeight(value: unknown): value is number | null {
  if (value === null) return true
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST_WEIGHT
}

const NAMES = {
  service: text('`name@provider`, or `name` where that is unique.'),
  endpoint: text('Key, URL, `host:port` or instance.'),
}

const MEMBERS = {
  'url?': text('Where requests go.'),
  'instance?': text('`id (name)` of its instance.'),
  'state?': choice(
    'Whether it takes requests; `gone`: its source or an operator still knows it.',
    'warming',
    'ready',
    'unhealthy',
    'ejected',
    'draining',
    'gone',
  ),
  'reason?': text('Why it is in this state.'),
  'since?': time('Since when.'),
  'weight?': integer('Its share; 0 keeps it out.'),
  'foundWeight?': integer('As its source names it, where an operator has given it another.'),
  'ejections?': integer('Since it was discovered.'),
  'lastProbe?': text('What the last active probe found.'),
  'returnsIn?': number('Milliseconds until it comes back by itself.'),
  'drain?': object({
    since: time('When the drain began.'),
    endsIn: number('Milliseconds after which whatever is still under way is cut.'),
    finishedWorkers: integer('Workers that have nothing in flight any more.'),
    byOperator: flag('Until `undrain`.'),
  }),
}

const ENDPOINT = object({
  service: text('`name@provider`.'),
  key: text('Unique in its service.'),
  ...MEMBERS,
})
/** Of an endpoint that is away, its names alone. */
const CHANGED = ENDPOINT
