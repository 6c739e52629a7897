import assert from 'node:assert/strict'
import { test } from 'node:test'
import ipAllowList from '../../src/middlewares/ip-allow-list.ts'
import type { RequestSketch } from './make-middleware.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

/** The fields as a trusted peer sent them, and behind them its own address as the entry point adds it. */
const forwarded = (...values: string[]): RequestSketch => ({
  headers: [...values, '192.0.2.1'].flatMap((one) => ['X-Forwarded-For', one]),
})

type Row = [name: string, passes: boolean, options: Record<string, unknown>, request: RequestSketch]
const cases: Row[] = [
  ['an address', true, { sourceRange: ['192.0.2.1'] }, {}],
  ['another address', false, { sourceRange: ['192.0.2.2'] }, {}],
  ['a range', true, { sourceRange: ['192.0.2.0/24'] }, {}],
  ['a range with host bits', true, { sourceRange: ['192.0.2.77/24'] }, {}],
  ['everybody', true, { sourceRange: ['0.0.0.0/0'] }, {}],
  ['everybody of IPv6', true, { sourceRange: ['::/0'] }, { clientAddress: '2001:db8::5' }],
  ['an IPv6 range', true, { sourceRange: ['2001:db8::/32'] }, { clientAddress: '2001:db8::5' }],
  ['another IPv6 range', false, { sourceRange: ['2001:db9::/32'] }, { clientAddress: '2001:db8::5' }],
  ['a list as a tag writes it', true, { sourceRange: '10.0.0.0/8, 192.0.2.1' }, {}],
  ['no forwarded address unless told so', false, { sourceRange: ['203.0.113.9'] }, forwarded('203.0.113.9')],
  [
    'depth 1',
    true,
    { sourceRange: ['203.0.113.9'], ipStrategy: { depth: 1 } },
    forwarded('1.1.1.1, 203.0.113.9'),
  ],
  [
    'depth 2',
    true,
    { sourceRange: ['1.1.1.1'], ipStrategy: { depth: 2 } },
    forwarded('9.9.9.9, 1.1.1.1,203.0.113.9'),
  ],
  [
    'depth over several fields',
    true,
    { sourceRange: ['1.1.1.1'], ipStrategy: { depth: 2 } },
    forwarded('1.1.1.1', '203.0.113.9'),
  ],
  [
    'a depth that is not there',
    false,
    { sourceRange: ['0.0.0.0/0'], ipStrategy: { depth: 3 } },
    forwarded('1.1.1.1'),
  ],
  ['a depth without the field', false, { sourceRange: ['0.0.0.0/0'], ipStrategy: { depth: 1 } }, {}],
  [
    'a depth where only the peer is known',
    false,
    { sourceRange: ['0.0.0.0/0'], ipStrategy: { depth: 1 } },
    forwarded(),
  ],
  [
    'depth 1 without the peer',
    true,
    { sourceRange: ['1.1.1.1'], ipStrategy: { depth: 1 } },
    { headers: ['X-Forwarded-For', '1.1.1.1'] },
  ],
  [
    'what is no address',
    false,
    { sourceRange: ['0.0.0.0/0', '::/0'], ipStrategy: { depth: 1 } },
    forwarded('unknown'),
  ],
  [
    'excludedIPs',
    true,
    { sourceRange: ['1.1.1.1'], ipStrategy: { excludedIPs: ['10.0.0.0/8'] } },
    forwarded('1.1.1.1, 10.0.0.1, 10.2.3.4'),
  ],
  [
    'only excluded addresses',
    false,
    { sourceRange: ['0.0.0.0/0'], ipStrategy: { excludedIPs: ['0.0.0.0/0'] } },
    forwarded('1.1.1.1'),
  ],
  [
    'depth over excludedIPs',
    true,
    { sourceRange: ['10.0.0.1'], ipStrategy: { depth: 1, excludedIPs: ['10.0.0.0/8'] } },
    forwarded('1.1.1.1, 10.0.0.1'),
  ],
  [
    'an IPv6 subnet',
    true,
    { sourceRange: ['2001:db8:1:2::'], ipStrategy: { ipv6Subnet: 64 } },
    { clientAddress: '2001:db8:1:2:3:4:5:6' },
  ],
  [
    'an IPv6 subnet within a group',
    true,
    { sourceRange: ['2001:db8:1000::'], ipStrategy: { ipv6Subnet: 36 } },
    { clientAddress: '2001:db8:1fff::1' },
  ],
  [
    'an IPv6 subnet of one address',
    true,
    { sourceRange: ['2001:db8::5'], ipStrategy: { ipv6Subnet: 128 } },
    { clientAddress: '2001:db8::5' },
  ],
  [
    'an IPv4 address whatever the subnet',
    true,
    { sourceRange: ['192.0.2.1'], ipStrategy: { ipv6Subnet: 1 } },
    {},
  ],
  [
    'an IPv4 address in IPv6 form, cut',
    true,
    { sourceRange: ['::'], ipStrategy: { ipv6Subnet: 16 } },
    { clientAddress: '::ffff:192.0.2.1' },
  ],
]
for (const [name, passes, options, sketch] of cases) {
  test(`${passes ? 'lets pass' : 'refuses'} ${name}`, () => {
    const answer = answerNow(makeMiddleware(ipAllowList, options), makeRequest(sketch))
    assert.equal(answer?.status, passes ? undefined : 403)
    if (answer) assert.deepEqual([answer.why, answer.body], ['FB', 'Forbidden'])
  })
}

test('the status of a refusal can be chosen, and its text is the body', () => {
  const middleware = makeMiddleware(ipAllowList, { sourceRange: ['10.0.0.1'], rejectStatusCode: '404' })
  const answer = answerNow(middleware, makeRequest())
  assert.deepEqual([answer?.status, answer?.body], [404, 'Not Found'])
})

const refused: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ sourceRange: [] }, /nobody/],
  [{ sourceRange: ['10.0.0'] }, /`10\.0\.0` is neither/],
  [{ sourceRange: ['10.0.0.0/33'] }, /0 to 32/],
  [{ sourceRange: ['::/129'] }, /0 to 128/],
  [{ sourceRange: ['10.0.0.0/8/8'] }, /neither/],
  [{ sourceRange: ['10.0.0.0/'] }, /behind the slash/],
  [{ sourceRange: ['fe80::1%eth0'] }, /neither/],
  [{ sourceRange: ['example.com'] }, /neither/],
  [{ sourceRange: ['10.0.0.1'], rejectStatusCode: 499 }, /499 is no status/],
  [{ sourceRange: ['10.0.0.1'], ipStrategy: { excludedIPs: ['x'] } }, /excludedIPs/],
]
for (const [options, complaint] of refused) {
  test(`${JSON.stringify(options)} is refused`, () => {
    assert.match(complaintAbout(ipAllowList, options) ?? '', complaint)
  })
}
