import { defineMiddleware, Response } from '../middleware.ts'
import {
  compileSourceCriterion,
  sourceCriterionComplaint,
  sourceCriterionOptions,
} from './limits/source-criterion.ts'
import { TokenBuckets, tokenBucketsMemory } from './limits/token-buckets.ts'
import type { BucketTerms } from './limits/token-buckets.ts'

/** Milliseconds that a request waits for its token at most, when tokens are rarer than one a second. */
const LONGEST_WAIT = 500

export default defineMiddleware({
  summary:
    'Limits how often each client may ask: more than that waits a moment, and much more is answered 429.',
  options: (field) => ({
    average: field
      .integer('Requests that a source may send in a `period`, in the long run; 0: any number.', { min: 0 })
      .default(0),
    period: field.duration('The time that `average` is about.', { min: 1 }).prefault('1s'),
    burst: field
      .integer('Requests that a source may send at once, having been silent before.', { min: 0 })
      .default(1),
    sourceCriterion: field
      .section('What counts as a source; left out: the client’s address.', sourceCriterionOptions(field))
      .optional(),
    redis: field.pending('one limit for a fleet of gateways'),
  }),

  check: ({ sourceCriterion }) => sourceCriterionComplaint(sourceCriterion),

  shared: {
    // What is kept are times, which mean the same as long as tokens come as fast.
    key: ({ average, period }) => `${average}/${period}`,
    create: tokenBucketsMemory,
  },

  create({ average, period, burst, sourceCriterion }, { shared }) {
    if (average === 0) return {}
    const terms = bucketTerms(average, period, burst)
    const buckets = new TokenBuckets(shared!.memory, terms, () => performance.timeOrigin + performance.now())
    const sourceOf = compileSourceCriterion(sourceCriterion, 'clientAddress')
    return {
      request(request): Response | undefined | Promise<undefined> {
        const source = sourceOf(request)
        if (source === undefined) return Response.because('NS')
        if (burst === 0) return Response.because('RL', 429, 'No bursty traffic allowed')
        const wait = buckets.draw(source)
        if (wait === 0) return undefined
        return wait > 0 ? waited(wait) : refused(-wait)
      },
    }
  },
})

/** As in Traefik: a request may wait for half of the time between two tokens. */
function bucketTerms(average: number, period: number, burst: number): BucketTerms {
  const interval = period / average
  return { interval, burst, patience: interval <= 1_000 ? interval / 2 : LONGEST_WAIT }
}

/** A client that goes away meanwhile needs no care: its request is not sent on. */
function waited(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, undefined))
}

function refused(milliseconds: number): Response {
  const response = Response.because('RL')
  response.headers.set('Retry-After', String(Math.ceil(milliseconds / 1_000)))
  response.headers.set('X-Retry-In', `${Number((milliseconds / 1_000).toPrecision(6))}s`)
  return response
}
