import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedCounts, sharedCountsMemory } from '../../src/middlewares/limits/shared-counts.ts'
import inFlightReq from '../../src/middlewares/in-flight-req.ts'
import type { RequestSketch } from './make-middleware.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const sources: [name: string, criterion: object | undefined, same: RequestSketch, other: RequestSketch][] = [
  ['the host', undefined, { clientAddress: '192.0.2.9' }, { authority: 'other.test' }],
  ['the host when told so', { requestHost: true }, {}, { authority: 'other.test' }],
  ['the address', { ipStrategy: {} }, { authority: 'other.test' }, { clientAddress: '192.0.2.9' }],
  ['a field', { requestHeaderName: 'Key' }, { authority: 'other.test' }, { headers: ['Key', 'x'] }],
]
for (const [name, sourceCriterion, same, other] of sources) {
  test(`counts by ${name}`, () => {
    const middleware = makeMiddleware(inFlightReq, { amount: 1, ...(sourceCriterion && { sourceCriterion }) })
    const first = makeRequest()
    assert.equal(answerNow(middleware, first), undefined)
    const refused = answerNow(middleware, makeRequest(same))
    assert.deepEqual([refused?.status, refused?.why], [429, 'RL'])
    assert.equal(answerNow(middleware, makeRequest(other)), undefined)
    first.over()
    assert.equal(answerNow(middleware, makeRequest(same)), undefined)
  })
}

test('a request that was over before it came here leaves nothing behind', () => {
  const middleware = makeMiddleware(inFlightReq, { amount: 1 })
  const gone = makeRequest()
  gone.over()
  assert.equal(answerNow(middleware, gone), undefined)
  assert.equal(answerNow(middleware, makeRequest()), undefined)
})

test('a source that cannot be told is answered 500', () => {
  const middleware = makeMiddleware(inFlightReq, { amount: 1, sourceCriterion: { ipStrategy: { depth: 3 } } })
  const answer = answerNow(middleware, makeRequest())
  assert.deepEqual([answer?.status, answer?.why], [500, 'NS'])
})

test('what a dead worker held is free again, and what the others hold is not', () => {
  const memory = sharedCountsMemory(3)
  const workers = [0, 1, 2].map((worker) => new SharedCounts({ memory, worker, workers: 3 }))
  for (const counts of workers) assert.ok(counts.enter('a', 3) >= 0)
  assert.equal(workers[0]!.enter('a', 3), -1)
  workers[1]!.clear()
  assert.ok(workers[0]!.enter('a', 3) >= 0)
  assert.equal(workers[2]!.enter('a', 3), -1)
})

test('more sources than there is room for are never let through beyond the limit', () => {
  const counts = new SharedCounts({ memory: sharedCountsMemory(1), worker: 0, workers: 1 })
  const places = Array.from({ length: 150_000 }, (_, i) => counts.enter(`source ${i}`, 1))
  const passed = places.filter((place) => place >= 0)
  assert.ok(passed.length > 60_000 && passed.length <= 65_536, `${passed.length}`)
  for (const place of passed) counts.leave(place)
  for (let i = 200_000; i < 210_000; i++) assert.ok(counts.enter(`source ${i}`, 1) >= 0)
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ amount: 1, sourceCriterion: { requestHost: true, requestHeaderName: 'A' } }, /several criteria/],
  [{ amount: 1, sourceCriterion: { requestHeaderName: 'a b' } }, /no name of a header field/],
  [{ amount: 1, sourceCriterion: { ipStrategy: { excludedIPs: ['x'] } } }, /excludedIPs/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(inFlightReq, options) ?? '', complaint)
  })
}
