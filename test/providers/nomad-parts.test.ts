import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { AllocationBook } from '../../providers/nomad/allocation-book.ts'
import type { Allocation, Check } from '../../providers/nomad/answers.ts'
import {
  parseAllocations,
  parseChecks,
  parseRegistrations,
  parseServices,
} from '../../providers/nomad/answers.ts'
import { namespacesOf, openConnection } from '../../providers/nomad/connection.ts'
import { parseJobs } from '../../providers/nomad/empty-services.ts'
import { verdictOf } from '../../providers/nomad/health.ts'
import { conditioned, toInstance } from '../../providers/nomad/instance.ts'
import { UnsoundAnswerError } from '../../providers/parts/json-shapes.ts'
import { ConfigurationError } from '../../src/config/problem.ts'

const { signal } = new AbortController()

const addresses: [string, string | undefined, boolean?][] = [
  ['http://127.0.0.1:4646', '127.0.0.1:4646'],
  ['127.0.0.1:4646', '127.0.0.1:4646'],
  ['nomad.internal', 'nomad.internal:4646'],
  ['http://nomad/', 'nomad:4646'],
  ['https://nomad:8443', 'nomad:8443', true],
  ['https://nomad', 'nomad:4646', true],
  ['[::1]:4646', '[::1]:4646'],
  ['[::1]', '[::1]:4646'],
  ['', undefined],
  ['host:port', undefined],
  ['host:0', undefined],
  ['host:70000', undefined],
  ['unix:///run/nomad.sock', undefined],
  ['http://user:hunter2@nomad:4646', undefined],
  ['http://nomad:4646/path', undefined],
]
for (const [written, address, secure = false] of addresses) {
  test(`address ${JSON.stringify(written)} is ${address ?? 'refused'}`, async () => {
    const opening = openConnection({ address: written }, 'tested', signal)
    if (address === undefined) {
      await assert.rejects(opening, (error) => {
        assert.ok(error instanceof ConfigurationError)
        assert.equal(error.problems[0]?.code, 'E102')
        return !error.message.includes('hunter2')
      })
      return
    }
    const connection = await opening
    assert.deepEqual([connection.address, connection.secure], [address, secure])
    connection.http.destroy()
  })
}

test('Nomad’s own variables fill in what the options leave out', async () => {
  const given = {
    NOMAD_ADDR: 'http://nomad.test:1',
    NOMAD_TOKEN: 't',
    NOMAD_REGION: 'r',
    NOMAD_NAMESPACE: 'n',
  }
  Object.assign(process.env, given)
  try {
    const { address, token, region, http } = await openConnection({}, 'tested', signal)
    http.destroy()
    assert.deepEqual([address, token, region, namespacesOf([])], ['nomad.test:1', 't', 'r', ['n']])
    const own = await openConnection({ address: 'own:2', token: 'o', region: 's' }, 'tested', signal)
    own.http.destroy()
    assert.deepEqual([own.address, own.token, own.region], ['own:2', 'o', 's'])
  } finally {
    for (const name of Object.keys(given)) delete process.env[name]
  }
})

test('namespaces: each once, all of them for *, the default one for none', () => {
  assert.deepEqual(namespacesOf(['a', ' b', 'a', '']), ['a', 'b'])
  assert.deepEqual(namespacesOf(['a', '*']), ['*'])
  assert.deepEqual(namespacesOf([]), ['default'])
})

const check = (status: Check['status'], service = 'web'): Check => ({ service, status })
const none = { passed: new Set<string>(), deployed: false, overdue: false }
const verdicts: [name: string, Parameters<typeof verdictOf>[1], ReturnType<typeof verdictOf>][] = [
  ['not read yet', { ...none, checks: undefined }, 'waiting'],
  ['not to be read', { ...none, checks: undefined, overdue: true }, 'unknown'],
  ['no checks', { ...none, checks: [] }, 'unknown'],
  ['checks of another service', { ...none, checks: [check('failure', 'api')] }, 'unknown'],
  ['all pass', { ...none, checks: [check('success'), check('success')] }, 'passing'],
  ['one fails', { ...none, checks: [check('success'), check('failure')] }, 'critical'],
  ['pending', { ...none, checks: [check('success'), check('pending')] }, 'waiting'],
  ['pending anew', { ...none, checks: [check('pending')], passed: new Set(['web']) }, 'passing'],
  ['pending after a deployment', { ...none, checks: [check('pending')], deployed: true }, 'passing'],
  ['failing after a deployment', { ...none, checks: [check('failure')], deployed: true }, 'critical'],
]
for (const [name, examined, verdict] of verdicts) {
  test(`checks, ${name}: ${verdict}`, () => assert.equal(verdictOf('web', examined), verdict))
}

function allocation(id: string, more: Partial<Allocation> = {}): Allocation {
  return {
    id,
    namespace: 'default',
    job: 'web',
    jobVersion: 0,
    createIndex: 1,
    modifyIndex: 1,
    desired: 'run',
    client: 'running',
    healthy: undefined,
    ...more,
  }
}

const REGISTRATION = {
  id: 'r',
  service: 'web',
  namespace: 'default',
  node: 'n',
  datacenter: 'dc1',
  job: 'web',
  allocation: 'a',
  tags: [],
  address: '127.0.0.1',
  port: 80,
  createIndex: 1,
}
const conditions: [desired: string, client: string, seen: { terminating?: true; unproven?: true }][] = [
  ['run', 'running', {}],
  ['run', 'pending', {}],
  ['stop', 'running', { terminating: true }],
  ['evict', 'running', { terminating: true }],
  ['run', 'failed', { terminating: true }],
  ['stop', 'complete', { terminating: true }],
  ['run', 'unknown', { unproven: true }],
  ['stop', 'lost', { unproven: true }],
]
for (const [desired, client, seen] of conditions) {
  test(`an allocation that is to ${desired} and is ${client}: ${Object.keys(seen).join() || 'served'}`, () => {
    const book = new AllocationBook()
    book.take(new Map([['a', allocation('a', { desired, client })]]), 0, false)
    const { terminating, unproven } = conditioned(toInstance(REGISTRATION), {
      ...book.of('a'),
      verdict: 'passing',
    })
    assert.deepEqual({ ...(terminating ? { terminating } : {}), ...(unproven ? { unproven } : {}) }, seen)
  })
}

test('two lists are of the same data when they share an allocation of the same index', () => {
  const book = new AllocationBook()
  const list = (...all: Allocation[]) => new Map(all.map((one) => [one.id, one]))
  assert.equal(book.take(list(allocation('a'), allocation('b')), 0, true), true)
  const first = book.marks
  assert.equal(book.take(list(allocation('b'), allocation('c')), 0, true), true)
  assert.equal(book.take(list(allocation('d')), 0, false), true, 'nothing raised a doubt')
  assert.ok(
    first.every((mark) => book.marks.includes(mark)),
    'all have come and gone, and the data are the same',
  )
  assert.equal(book.take(list(allocation('d', { createIndex: 9 })), 0, true), false)
  assert.ok(first.every((mark) => !book.marks.includes(mark)))
  assert.equal(book.take(list(), 0, true), false)
  assert.equal(book.take(list(allocation('e')), 0, true), true, 'nothing was known to compare with')
})

test('jobs whose allocations have changed are named for half a minute', () => {
  const book = new AllocationBook()
  const one = allocation('a')
  book.take(new Map([['a', one]]), 0, false)
  assert.deepEqual([...book.movedJobs], [])
  book.take(new Map([['a', { ...one, modifyIndex: 2 }]]), 1_000, false)
  assert.deepEqual([...book.movedJobs], ['default/web'])
  book.take(new Map([['a', { ...one, modifyIndex: 2 }]]), 40_000, false)
  assert.deepEqual([...book.movedJobs], [])
})

for (const parse of [parseServices, parseRegistrations, parseAllocations, parseChecks, parseJobs]) {
  test(`${parse.name}: whatever comes, it is understood or called unsound`, () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        try {
          parse(body)
        } catch (error) {
          assert.ok(error instanceof UnsoundAnswerError, String(error))
        }
      }),
    )
  })
}
