import assert from 'node:assert/strict'
import { test } from 'node:test'
import ipDenyList from '../../src/middlewares/ip-deny-list.ts'
import type { RequestSketch } from './make-middleware.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const forwarded: RequestSketch = {
  headers: ['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-For', '192.0.2.1'],
}

const cases: [name: string, passes: boolean, options: Record<string, unknown>, request: RequestSketch][] = [
  ['an address that is listed', false, { sourceRange: ['192.0.2.1'] }, {}],
  ['one of a range', false, { sourceRange: ['192.0.2.0/24'] }, {}],
  ['another address', true, { sourceRange: ['192.0.2.2', '2001:db8::/32'] }, {}],
  ['one of an IPv6 range', false, { sourceRange: ['2001:db8::/32'] }, { clientAddress: '2001:db8::5' }],
  ['a forwarded one, unless told so', true, { sourceRange: ['203.0.113.9'] }, forwarded],
  ['a forwarded one', false, { sourceRange: ['203.0.113.9'], ipStrategy: { depth: 1 } }, forwarded],
  ['who cannot be told', false, { sourceRange: ['203.0.113.9'], ipStrategy: { depth: 3 } }, forwarded],
]
for (const [name, passes, options, sketch] of cases) {
  test(`${passes ? 'lets pass' : 'keeps out'} ${name}`, () => {
    const answer = answerNow(makeMiddleware(ipDenyList, options), makeRequest(sketch))
    assert.deepEqual(
      [answer?.status, answer?.why, answer?.body],
      passes ? [undefined, undefined, undefined] : [403, 'FB', 'Forbidden'],
    )
  })
}

test('answers with another status where told so', () => {
  const middleware = makeMiddleware(ipDenyList, { sourceRange: ['0.0.0.0/0'], rejectStatusCode: 404 })
  assert.equal(answerNow(middleware, makeRequest())?.status, 404)
})

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ sourceRange: [] }, /`sourceRange` is empty, so nobody would be kept out/],
  [{ sourceRange: ['10.0.0.0/33'] }, /from 0 to 32/],
  [{ sourceRange: ['ten'] }, /neither an IP address nor a range/],
  [{ sourceRange: ['::1'], rejectStatusCode: 499 }, /no status of HTTP/],
  [{ sourceRange: ['::1'], ipStrategy: { excludedIPs: ['x'] } }, /`ipStrategy.excludedIPs`/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(ipDenyList, options) ?? '', complaint)
  })
}
