import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instance } from '../discovery/fake-provider.ts'
import { controlling } from './controlled.ts'

const names: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['the metadata', ['169.254.169.254'], []],
  ['the metadata by IPv6', ['fd00:ec2::254'], []],
  ['the metadata, mapped', ['::ffff:a9fe:a9fe'], []],
  ['an interface of its own', ['fe80::1%lo'], []],
  ['one of each', ['10.0.0.1', '169.254.169.254'], ['10.0.0.1']],
]
for (const [name, addresses, expected] of names) {
  test(`a name that leads to ${name}: nothing is sent there, and it is a problem`, async () => {
    await using world = await controlling(async () => addresses)
    await world.say([instance('a', { address: 'web.example.com' })])
    const { endpoints } = world.control.plan.services.get('whoami@nomad')!
    assert.deepEqual(
      [...endpoints.values()].map(({ address }) => address),
      expected,
    )
    const [problem] = world.control.problems
    assert.equal(problem?.code, 'E304')
    assert.match(problem?.message ?? '', /web\.example\.com of an instance stands for /)
  })
}
