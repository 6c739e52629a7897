import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import rateLimit from '../../src/middlewares/rate-limit.ts'
import { TokenBuckets, tokenBucketsMemory } from '../../src/middlewares/limits/token-buckets.ts'
import { answerNow, makeMiddleware, makeRequest } from './make-middleware.ts'

type Draw = [at: number, expected: number]

const buckets: [name: string, terms: { interval: number; burst: number; patience: number }, draws: Draw[]][] =
  [
    [
      'one at a time',
      { interval: 100, burst: 1, patience: 50 },
      [
        [0, 0],
        [0, -100],
        [50, 50],
        [100, -100],
        [250, 0],
      ],
    ],
    [
      'a burst, then at the average',
      { interval: 100, burst: 3, patience: 50 },
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, -100],
        [60, 40],
        [200, 0],
      ],
    ],
    [
      'a full bucket takes no more',
      { interval: 100, burst: 2, patience: 0 },
      [
        [0, 0],
        [10_000, 0],
        [10_000, 0],
        [10_000, -100],
      ],
    ],
    [
      'what is refused costs nothing',
      { interval: 100, burst: 1, patience: 0 },
      [
        [0, 0],
        [10, -90],
        [20, -80],
        [99, -1],
        [100, 0],
      ],
    ],
  ]
for (const [name, terms, draws] of buckets) {
  test(`token bucket: ${name}`, () => {
    let now = 0
    const start = 1.7e12
    const bucket = new TokenBuckets(tokenBucketsMemory(), terms, () => start + now)
    for (const [at, expected] of draws) {
      now = at
      assert.equal(Math.round(bucket.draw('a') * 1_000) / 1_000, expected, `at ${at}`)
    }
    assert.equal(bucket.draw('another'), 0)
  })
}

test('token bucket: four threads that draw at once get no token twice, and lose none', async () => {
  const memory = tokenBucketsMemory()
  const module = new URL('../../src/middlewares/limits/token-buckets.ts', import.meta.url).href
  const program = `
    const { workerData, parentPort } = await import('node:worker_threads')
    const { TokenBuckets } = await import(${JSON.stringify(module)})
    const buckets = new TokenBuckets(workerData, { interval: 1_000, burst: 50_000, patience: 0 }, () => 1.7e12)
    let drawn = 0
    for (let i = 0; i < 20_000; i++) if (buckets.draw('a') === 0) drawn++
    parentPort.postMessage(drawn)`
  const counts = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`)
      const [drawn] = (await once(new Worker(url, { workerData: memory }), 'message')) as [number]
      return drawn
    }),
  )
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    50_000,
  )
})

test('beyond the burst: 429 with when to try again', () => {
  const middleware = makeMiddleware(rateLimit, { average: 1, period: '10s', burst: 2 })
  for (let i = 0; i < 2; i++) assert.equal(answerNow(middleware, makeRequest()), undefined)
  const refused = answerNow(middleware, makeRequest())
  assert.deepEqual([refused?.status, refused?.why, refused?.body], [429, 'RL', 'Too Many Requests'])
  assert.equal(refused?.headers.get('Retry-After'), '10')
  assert.match(refused?.headers.get('X-Retry-In') ?? '', /^9\.\d+s$|^10s$/)
})

test('a request that is nearly in time waits, and passes', async () => {
  const middleware = makeMiddleware(rateLimit, { average: 50, burst: 1 })
  assert.equal(middleware.request?.(makeRequest()), undefined)
  let waited: unknown
  while (!(waited instanceof Promise)) waited = middleware.request?.(makeRequest())
  assert.equal(await waited, undefined)
})

test('sources have buckets of their own', () => {
  const middleware = makeMiddleware(rateLimit, { average: 1, period: '1h' })
  assert.equal(answerNow(middleware, makeRequest()), undefined)
  assert.equal(answerNow(middleware, makeRequest())?.status, 429)
  assert.equal(answerNow(middleware, makeRequest({ clientAddress: '192.0.2.2' })), undefined)
})

test('an average of 0 is no limit', () => {
  assert.deepEqual(makeMiddleware(rateLimit, { burst: 0 }), {})
})

test('a burst of 0 lets nothing pass', () => {
  const answer = answerNow(makeMiddleware(rateLimit, { average: 1, burst: 0 }), makeRequest())
  assert.deepEqual([answer?.status, answer?.body], [429, 'No bursty traffic allowed'])
})

test('a source that cannot be told is answered 500', () => {
  const middleware = makeMiddleware(rateLimit, { average: 1, sourceCriterion: { ipStrategy: { depth: 2 } } })
  const answer = answerNow(middleware, makeRequest())
  assert.deepEqual([answer?.status, answer?.why], [500, 'NS'])
})

test('buckets outlive a change of burst, and not one of how fast tokens come', () => {
  const shared = rateLimit.shared!
  const options = { average: 10, period: 1_000, burst: 5, sourceCriterion: undefined, redis: undefined }
  assert.equal(shared.key(options), shared.key({ ...options, burst: 50 }))
  assert.notEqual(shared.key(options), shared.key({ ...options, average: 20 }))
})
