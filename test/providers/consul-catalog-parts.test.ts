import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parseChecks, parseEntries, parseServices } from '../../providers/consul/answers.ts'
import { backoff } from '../../providers/parts/backoff.ts'
import { changedChecks, pictureOf } from '../../providers/consul/catalog-changes.ts'
import { changedServices } from '../../providers/parts/service-lists.ts'
import { openConnection } from '../../providers/consul/connection.ts'
import { worstOf } from '../../providers/consul/health.ts'
import { UnsoundAnswerError } from '../../providers/parts/json-shapes.ts'
import { Presence } from '../../providers/parts/presence.ts'
import { unusedTls } from '../../providers/parts/unused-tls.ts'
import { UNPROVEN_LIMIT } from '../../src/discovery/provider.ts'
import { ConfigurationError } from '../../src/config/problem.ts'

const addresses: [string, string | undefined, boolean?][] = [
  ['127.0.0.1:8500', '127.0.0.1:8500'],
  ['consul.internal', 'consul.internal:8500'],
  ['http://consul:80/', 'consul:80'],
  ['https://consul:8501', 'consul:8501', true],
  ['[::1]:8500', '[::1]:8500'],
  ['[::1]', '[::1]:8500'],
  ['', undefined],
  ['host:port', undefined],
  ['host:0', undefined],
  ['host:70000', undefined],
  ['unix:///run/consul.sock', undefined],
  ['http://user:hunter2@consul:8500', undefined],
  ['http://consul:8500/path', undefined],
  ['a b', undefined],
  ['::1', undefined],
]
for (const [written, address, secure = false] of addresses) {
  test(`address ${JSON.stringify(written)} is ${address ?? 'refused'}`, async () => {
    if (address === undefined) {
      await assert.rejects(openConnection({ address: written }, 'tested'), (error) => {
        assert.ok(error instanceof ConfigurationError)
        assert.equal(error.problems[0]?.code, 'E102')
        return !error.message.includes('hunter2')
      })
      return
    }
    const connection = await openConnection({ address: written }, 'tested')
    assert.equal(connection.address, address)
    assert.equal(connection.secure, secure)
  })
}

test('a TLS file that cannot be read is named by its option', async () => {
  const tls = { ca: '/nowhere/ca.pem', insecureSkipVerify: false }
  await assert.rejects(
    openConnection({ scheme: 'https', tls }, 'tested'),
    /endpoint\.tls\.ca cannot be read: ENOENT/,
  )
  const plain = await openConnection({ tls }, 'tested')
  assert.deepEqual(
    unusedTls({ tls }, plain, 'tested', 'do this').map(({ code, remedy }) => [code, remedy]),
    [['E106', 'do this']],
  )
})

const healths: [string, [id: string, status: 'passing' | 'warning' | 'critical'][], string][] = [
  ['no check', [], 'passing'],
  [
    'all pass',
    [
      ['a', 'passing'],
      ['b', 'passing'],
    ],
    'passing',
  ],
  [
    'one warns',
    [
      ['a', 'passing'],
      ['b', 'warning'],
    ],
    'warning',
  ],
  [
    'one fails',
    [
      ['a', 'warning'],
      ['b', 'critical'],
    ],
    'critical',
  ],
  [
    'the node is in maintenance',
    [
      ['_node_maintenance', 'critical'],
      ['a', 'passing'],
    ],
    'maintenance',
  ],
  ['the service is in maintenance', [['_service_maintenance:web', 'critical']], 'maintenance'],
]
for (const [name, checks, expected] of healths) {
  test(`health where ${name}: ${expected}`, () => {
    assert.equal(worstOf(checks.map(([id, status]) => ({ id, status }))), expected)
  })
}

test('whatever comes as an answer, it is taken or refused as unsound', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.array(fc.record({ Node: fc.jsonValue(), Service: fc.jsonValue(), Checks: fc.jsonValue() })),
      ),
      (body) => {
        for (const parse of [parseServices, parseChecks, parseEntries]) {
          try {
            parse(body)
          } catch (error) {
            assert.ok(error instanceof UnsoundAnswerError)
          }
        }
      },
    ),
  )
})

test('names such as __proto__ are names like any other', () => {
  const services = parseServices(JSON.parse('{"__proto__":["a"],"constructor":null}'))
  assert.deepEqual(
    [...services],
    [
      ['__proto__', ['a']],
      ['constructor', []],
    ],
  )
})

test('changes of tags, and of checks by service and node, are found whatever the order', () => {
  const before = new Map([
    ['a', ['x', 'y']],
    ['b', ['x']],
    ['gone', []],
  ])
  assert.deepEqual(
    changedServices(
      before,
      new Map([
        ['a', ['y', 'x']],
        ['b', ['z']],
        ['new', []],
      ]),
    ),
    ['b', 'new'],
  )
  const check = { node: 'n', id: 'c', status: 'passing', serviceId: 's1', serviceName: 's' } as const
  const nodeCheck = { ...check, id: 'serf', serviceId: '', serviceName: '' }
  const old = pictureOf([check, nodeCheck])
  assert.deepEqual(changedChecks(old, pictureOf([nodeCheck, check])), { services: [], nodes: [] })
  assert.deepEqual(changedChecks(old, pictureOf([check])), { services: [], nodes: ['n'] })
  assert.deepEqual(changedChecks(old, pictureOf([{ ...check, status: 'warning' }, nodeCheck])), {
    services: ['s'],
    nodes: [],
  })
})

test('back-off grows from 100 ms to 3 s, by chance half of that', () => {
  assert.deepEqual(
    [1, 2, 3, 6, 100].map((failures) => backoff(failures, () => 1)),
    [100, 200, 400, 3_000, 3_000],
  )
  assert.equal(
    backoff(1, () => 0),
    50,
  )
})

const sighting = (id: string, port = 1) => ({
  instance: { id, name: 'web', address: '10.0.0.1', ports: [{ port }], tags: [], health: 'passing' as const },
  node: 'n',
  checked: true,
})
const ids = (presence: Presence) => presence.instances().map(({ id, unproven }) => (unproven ? `${id}?` : id))

test('presence: who is missing leaves with proof of the same epoch only', () => {
  const presence = new Presence()
  presence.settle('web', [sighting('a', 1), sighting('b', 2)], true, 0)
  presence.settle('web', [sighting('a', 1)], false, 0)
  assert.deepEqual(ids(presence), ['a', 'b?'])
  presence.settle('web', [sighting('a', 1)], true, 0)
  assert.deepEqual(ids(presence), ['a'])
  presence.startEpoch()
  presence.settle('web', [], true, 7)
  assert.deepEqual(ids(presence), ['a?'])
  presence.settle('web', [sighting('a', 1)], true, 9)
  assert.deepEqual(ids(presence), ['a'])
  presence.settle('web', [], true, 9)
  assert.deepEqual(ids(presence), [])
})

test('presence: the revision grows with changes only; time since the first miss ends the waiting', () => {
  const presence = new Presence()
  presence.settle('web', [sighting('a', 1), sighting('b', 2)], true, 0)
  const { revision } = presence
  presence.settle('web', [sighting('b', 2), sighting('a', 1)], true, 5)
  assert.equal(presence.revision, revision)
  presence.startEpoch()
  presence.settle('web', [], true, 0)
  presence.settle('web', [], true, 9)
  presence.expire(UNPROVEN_LIMIT - 1)
  assert.deepEqual(ids(presence), ['a?', 'b?'])
  presence.expire(UNPROVEN_LIMIT)
  assert.deepEqual(ids(presence), [])
})

test("the variables of Consul's own tools are defaults, and options win over them", async (t) => {
  const before = { ...process.env }
  t.after(() => void (process.env = before))
  Object.assign(process.env, {
    CONSUL_HTTP_ADDR: 'agent:1234',
    CONSUL_HTTP_TOKEN: 'theirs',
    CONSUL_HTTP_SSL: 'true',
  })
  const theirs = await openConnection({}, 'tested')
  assert.deepEqual([theirs.address, theirs.token, theirs.secure], ['agent:1234', 'theirs', true])
  const ours = await openConnection({ address: 'own', token: 'own-token', scheme: 'http' }, 'tested')
  assert.deepEqual([ours.address, ours.token, ours.secure], ['own:8500', 'own-token', false])
})
