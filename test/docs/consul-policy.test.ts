import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import provider from '../../providers/consul-catalog.ts'
import { startConsul } from '../peers/consul.ts'
import { WatchedProvider } from '../providers/watched-provider.ts'

const GUIDE = readFileSync(new URL('../../docs/guides/consul.md', import.meta.url), 'utf8')
const POLICY = /```hcl\n(service_prefix [^]*?)```/.exec(GUIDE)?.[1]

test('the policy in the guide to Consul is enough where everything else is denied', async () => {
  assert.ok(POLICY !== undefined)
  await using consul = await startConsul({ acl: true })
  await consul.register({ id: 'shop-1', name: 'shop', port: 80 })
  await consul.call('PUT', '/v1/acl/policy', { Name: 'tidegate', Rules: POLICY })
  const token = await consul.call('PUT', '/v1/acl/token', { Policies: [{ Name: 'tidegate' }] })
  const { SecretID } = token as { SecretID: string }
  await using watched = new WatchedProvider(provider, {
    endpoint: { address: consul.address, token: SecretID },
  })
  await watched.until('the instance', () => watched.instances('shop').length === 1)
  assert.deepEqual(watched.view().snapshot?.problems ?? [], [])
})
