import assert from 'node:assert/strict'
import test from 'node:test'
import provider from '../../providers/ec2.ts'
import type { ProviderTools } from '../../src/discovery/provider.ts'
import { startAwsServer } from '../peers/aws-server.ts'
import { KEYS } from './ecs-provider.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Our own server, for states, faults and answers that moto does not give. */

const PART = 'eu-west-1'

function watchEc2(
  { url }: { readonly url: string },
  options: object = {},
  tools: Partial<ProviderTools> = {},
): WatchedProvider {
  const access = { region: PART, endpoint: url, ...KEYS }
  return new WatchedProvider(provider, { refreshSeconds: '60s', ...access, ...options }, tools)
}

async function readAgain(watched: WatchedProvider): Promise<void> {
  const before = watched.updates.length
  watched.refresh()
  await watched.until('another reading', () => watched.updates.length > before, { part: PART })
}

function shown(watched: WatchedProvider): {
  ids: string[]
  terminating: string[]
  released: readonly string[]
} {
  const { instances = [], released = [] } = watched.view(PART).snapshot ?? {}
  return {
    ids: instances.map(({ id }) => id),
    terminating: instances.filter(({ terminating }) => terminating).map(({ id }) => id),
    released,
  }
}

test('a machine as an instance', async () => {
  await using server = await startAwsServer()
  const tags = {
    Name: 'shop',
    'tidegate.enable': 'true',
    'tidegate.port': '8080',
    v2: '',
    'aws:autoscaling:groupName': 'shop-asg',
    note: 'a & <b>',
  }
  server.ec2.add({
    id: 'i-1',
    address: '10.0.0.1',
    publicAddress: '198.51.100.1',
    zone: 'eu-west-1a',
    vpc: 'vpc-1',
    subnet: 'subnet-1',
    tags,
  })
  await using watched = watchEc2(server)
  await watched.until('it', ({ snapshot }) => snapshot !== undefined, { part: PART })
  assert.deepEqual(watched.view(PART).snapshot?.instances, [
    {
      id: 'i-1',
      name: 'shop',
      address: '10.0.0.1',
      ports: [],
      tags: ['note=a & <b>', 'tidegate.enable=true', 'tidegate.port=8080', 'v2'],
      health: 'unknown',
      meta: { group: 'shop-asg', vpc: 'vpc-1', subnet: 'subnet-1' },
      zone: 'eu-west-1a',
      createdAt: Date.parse('2026-01-02T03:04:05.000Z'),
    },
  ])
  await using outside = watchEc2(server, { addressType: 'public' })
  await outside.until('it', ({ snapshot }) => snapshot !== undefined, { part: PART })
  assert.equal(outside.view(PART).snapshot?.instances?.[0]?.address, '198.51.100.1')
  await using newer = watchEc2(server, { addressType: 'ipv6' })
  await newer.until('it', ({ snapshot }) => snapshot !== undefined, { part: PART })
  assert.match(newer.view(PART).snapshot?.problems?.[0]?.message ?? '', /no ipv6 address: i-1$/)
})

const STATES: [state: string, shown: 'served' | 'drains' | 'released'][] = [
  ['shutting-down', 'drains'],
  ['stopping', 'drains'],
  ['stopped', 'released'],
  ['terminated', 'released'],
  ['running', 'served'],
]
for (const [state, expected] of STATES) {
  test(`a machine that becomes ${state}: ${expected}`, async () => {
    await using server = await startAwsServer()
    server.ec2.add({ id: 'i-1', address: '10.0.0.1' })
    await using watched = watchEc2(server)
    await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: PART })
    // EC2 takes the address away as the machine ends.
    server.ec2.change('i-1', { state, ...(state === 'running' ? {} : { address: '' }) })
    await readAgain(watched)
    assert.deepEqual(shown(watched), {
      ids: expected === 'released' ? [] : ['i-1'],
      terminating: expected === 'drains' ? ['i-1'] : [],
      released: expected === 'released' ? ['i-1'] : [],
    })
  })
}

test('machines that begin, or are on their way out when first seen, are not served', async () => {
  await using server = await startAwsServer()
  for (const state of ['pending', 'shutting-down', 'terminated', 'stopped', 'stopping'])
    server.ec2.add({ id: `i-${state}`, address: '10.0.0.1', state })
  await using watched = watchEc2(server)
  await watched.until('the picture', ({ snapshot }) => snapshot !== undefined, { part: PART })
  assert.deepEqual(shown(watched), { ids: [], terminating: [], released: [] })
})

const FILTERS: [name: string, options: object, expected: string[]][] = [
  ['a tag', { filters: ['tag:team=shop'] }, ['i-1', 'i-2']],
  [
    'one of two values, and a network',
    { filters: ['tag:team=shop', 'tag:team=pay'], vpcs: ['vpc-2'] },
    ['i-2', 'i-3'],
  ],
  ['a subnet', { subnets: ['subnet-1'] }, ['i-1']],
  ['zones', { zones: ['eu-west-1b', 'eu-west-1c'] }, ['i-2', 'i-3']],
]
for (const [name, options, expected] of FILTERS) {
  test(`only machines of ${name}`, async () => {
    await using server = await startAwsServer()
    server.ec2.pageSize = 1
    server.ec2.add({
      id: 'i-1',
      address: '10.0.0.1',
      vpc: 'vpc-1',
      subnet: 'subnet-1',
      zone: 'eu-west-1a',
      tags: { team: 'shop' },
    })
    server.ec2.add({
      id: 'i-2',
      address: '10.0.0.2',
      vpc: 'vpc-2',
      subnet: 'subnet-2',
      zone: 'eu-west-1b',
      tags: { team: 'shop' },
    })
    server.ec2.add({
      id: 'i-3',
      address: '10.0.0.3',
      vpc: 'vpc-2',
      subnet: 'subnet-3',
      zone: 'eu-west-1c',
      tags: { team: 'pay' },
    })
    await using watched = watchEc2(server, options)
    await watched.until('the picture', ({ snapshot }) => snapshot !== undefined, { part: PART })
    assert.deepEqual(shown(watched).ids, expected)
  })
}

test('a machine that meets the filters no more is released, one that EC2 says nothing of is unproven', async () => {
  await using server = await startAwsServer()
  for (const id of ['i-1', 'i-2', 'i-3'])
    server.ec2.add({ id, address: `10.0.0.${id.at(-1)}`, tags: { team: 'shop' } })
  await using watched = watchEc2(server, { filters: ['tag:team=shop'] })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 3, { part: PART })
  server.ec2.change('i-1', { tags: {} })
  server.ec2.untold.add('i-2')
  await readAgain(watched)
  assert.deepEqual(shown(watched), { ids: ['i-3'], terminating: [], released: ['i-1'] })
  assert.equal(watched.view(PART).snapshot?.missing, 'unproven')
  server.ec2.untold.clear()
  await readAgain(watched)
  assert.deepEqual(shown(watched).ids, ['i-2', 'i-3'])
})

test('a page that fails keeps the whole picture', async () => {
  await using server = await startAwsServer()
  server.ec2.pageSize = 1
  for (const id of ['i-1', 'i-2', 'i-3']) server.ec2.add({ id, address: `10.0.0.${id.at(-1)}` })
  const sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => void setTimeout(resolve, milliseconds < 9_000 ? 1 : milliseconds).unref())
  await using watched = watchEc2(server, {}, { sleep })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 3, { part: PART })
  server.fault = ({ input }) =>
    input['NextToken'] === '2' ? { status: 503, code: 'Unavailable', message: 'later' } : undefined
  watched.refresh()
  await watched.until('the failure', ({ failure }) => failure !== undefined, { part: PART })
  assert.match(
    watched.view(PART).failure?.message ?? '',
    /ec2:DescribeInstances on all machines in eu-west-1\) answered with an error \(503\): later/,
  )
  assert.equal(shown(watched).ids.length, 3)
  server.fault = () => undefined
  await watched.until('healed', ({ failure }) => failure === undefined, { part: PART })
})

const CYCLES: [state: string, shown: 'served' | 'drains' | 'not yet'][] = [
  ['Pending', 'not yet'],
  ['Pending:Wait', 'not yet'],
  ['InService', 'served'],
  ['Terminating:Wait', 'drains'],
  ['Terminating', 'drains'],
  ['Detaching', 'drains'],
  ['EnteringStandby', 'drains'],
  ['Standby', 'drains'],
]
test('the life-cycle state of the group counts where it is asked for', async () => {
  await using server = await startAwsServer()
  const tags = { 'aws:autoscaling:groupName': 'group' }
  for (const [lifecycle] of CYCLES)
    server.ec2.add({ id: `i-${lifecycle}`, address: '10.0.0.1', tags, lifecycle: 'InService' })
  for (const [lifecycle] of CYCLES.slice(0, 2)) server.ec2.change(`i-${lifecycle}`, { lifecycle })
  server.ec2.add({ id: 'i-alone', address: '10.0.0.2' })
  await using watched = watchEc2(server, { lifecycleStates: true })
  await using unaware = watchEc2(server)
  await watched.until(
    'those in service',
    ({ snapshot }) => snapshot?.instances?.length === CYCLES.length - 1,
    { part: PART },
  )
  for (const [lifecycle] of CYCLES) server.ec2.change(`i-${lifecycle}`, { lifecycle })
  await readAgain(watched)
  const { ids, terminating } = shown(watched)
  for (const [lifecycle, expected] of CYCLES) {
    const id = `i-${lifecycle}`
    const actual = !ids.includes(id) ? 'not yet' : terminating.includes(id) ? 'drains' : 'served'
    assert.equal(actual, expected, lifecycle)
  }
  assert.ok(ids.includes('i-alone') && !terminating.includes('i-alone'))
  await unaware.until('all', ({ snapshot }) => snapshot?.instances?.length === CYCLES.length + 1, {
    part: PART,
  })
  assert.deepEqual(shown(unaware).terminating, [])
})

test('life cycles that cannot be read are as they were; a new machine waits for its own', async () => {
  await using server = await startAwsServer()
  const tags = { 'aws:autoscaling:groupName': 'group' }
  server.ec2.add({ id: 'i-1', address: '10.0.0.1', tags, lifecycle: 'InService' })
  server.ec2.add({ id: 'i-2', address: '10.0.0.2', tags, lifecycle: 'InService' })
  await using watched = watchEc2(server, { lifecycleStates: true })
  await watched.until('both', ({ snapshot }) => snapshot?.instances?.length === 2, { part: PART })
  server.ec2.change('i-2', { lifecycle: 'Terminating:Wait' })
  await readAgain(watched)
  server.ec2.add({ id: 'i-3', address: '10.0.0.3', tags, lifecycle: 'InService' })
  const message =
    'User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: autoscaling:DescribeAutoScalingInstances because no identity-based policy allows it'
  server.fault = ({ action }) =>
    action.startsWith('autoscaling:') ? { status: 403, code: 'AccessDenied', message } : undefined
  await readAgain(watched)
  assert.deepEqual(shown(watched), { ids: ['i-1', 'i-2'], terminating: ['i-2'], released: [] })
  assert.match(
    watched.view(PART).snapshot?.problems?.[0]?.message ?? '',
    /denied access: autoscaling:DescribeAutoScalingInstances is not allowed/,
  )
})

test('a filter without a value is told at the start', async () => {
  await using server = await startAwsServer()
  assert.throws(() => watchEc2(server, { filters: ['team'] }), /the filter `team` has no value/)
})
