import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test, { after, before, beforeEach } from 'node:test'
import ec2Provider from '../../providers/ec2.ts'
import ecsProvider from '../../providers/ecs.ts'
import type { ProviderDefinition } from '../../src/discovery/provider.ts'
import type { Moto } from '../peers/moto.ts'
import { startMoto } from '../peers/moto.ts'
import { ANYBODY, MotoAccount, REGION } from '../peers/moto-account.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Everything here is asked of moto: the real wire protocols, signatures, errors and policies. */

/** moto is one process of Python that answers one call after the other. */
const WITHIN = 30_000

let moto: Moto
let account: MotoAccount
before(async () => {
  moto = await startMoto()
  account = new MotoAccount(moto)
})
after(async () => {
  account?.[Symbol.dispose]()
  await moto?.[Symbol.asyncDispose]()
})
beforeEach(() => moto.reset())

function watch(definition: unknown, options: object = {}, keys = ANYBODY): WatchedProvider {
  const access = {
    region: REGION,
    endpoint: moto.url,
    accessKeyID: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey,
  }
  return new WatchedProvider(definition as ProviderDefinition, {
    refreshSeconds: '60s',
    ...access,
    ...options,
  })
}

async function readAgain(watched: WatchedProvider, part: string): Promise<void> {
  const updates = watched.updates.length
  watched.refresh()
  await watched.until('another reading', () => watched.updates.length > updates, { part, within: WITHIN })
}

test('ecs: a task with an address of its own comes, and is released when it has stopped', async () => {
  await account.createNetwork()
  await account.createCluster('prod')
  const labels = { 'traefik.http.routers.web.rule': 'Host(`web.example.com`)' }
  const definition = await account.define({
    family: 'whoami',
    networkMode: 'awsvpc',
    image: 'r/whoami:v1',
    port: 8080,
    labels,
  })
  const arn = await account.runTask('prod', definition, { 'tidegate.weight': '3' })
  await using watched = watch(ecsProvider, { clusters: ['prod'], resourceTags: true })
  await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, {
    part: 'prod',
    within: WITHIN,
  })
  const instance = watched.view('prod').snapshot!.instances![0]!
  assert.match(
    instance.address,
    /^\d+\.\d+\.\d+\.\d+$/,
    'from the attachment, since moto fills no network interfaces',
  )
  assert.deepEqual(
    { ...instance, address: '' },
    {
      id: `${arn.split('/').at(-1)}/whoami`,
      name: 'family-whoami-whoami',
      app: 'whoami',
      address: '',
      ports: [{ port: 8080, containerPort: 8080 }],
      tags: ['tidegate.weight=3', 'traefik.http.routers.web.rule=Host(`web.example.com`)'],
      health: 'passing',
      meta: { cluster: 'prod', family: 'whoami', revision: '1', container: 'whoami', image: 'r/whoami:v1' },
    },
  )
  await account.stopTask('prod', arn)
  await readAgain(watched, 'prod')
  assert.deepEqual(watched.view('prod').snapshot?.released, [instance.id])
  assert.deepEqual(watched.view('prod').snapshot?.instances, [])
})

test('ecs: a task on a machine has the address of that machine', async () => {
  await account.createNetwork()
  await account.createCluster('prod')
  const host = await account.joinCluster('prod', await account.runMachine('127.0.3.7'))
  const definition = await account.define({
    family: 'api',
    networkMode: 'host',
    image: 'r/api:v2',
    port: 9000,
  })
  await account.startTask('prod', definition, host)
  await using watched = watch(ecsProvider, { autoDiscoverClusters: true })
  await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, {
    part: 'prod',
    within: WITHIN,
  })
  const { address, ports, zone } = watched.view('prod').snapshot!.instances![0]!
  assert.deepEqual(
    { address, ports, zone },
    { address: '127.0.3.7', ports: [{ port: 9000, containerPort: 9000 }], zone: 'eu-west-1b' },
  )
})

test('ecs: a cluster that does not exist costs no other, and is read once it does', async () => {
  await account.createCluster('here')
  await using watched = watch(ecsProvider, { clusters: ['here', 'later'] })
  await watched.until('the failure', ({ failure }) => failure !== undefined, {
    part: 'later',
    within: WITHIN,
  })
  assert.match(
    watched.view('later').failure?.message ?? '',
    /ecs:ListTasks on cluster later in eu-west-1\) knows no such thing: Cluster not found/,
  )
  await watched.until('the other', ({ snapshot }) => snapshot !== undefined, { part: 'here', within: WITHIN })
  await account.createCluster('later')
  await watched.until('healed', ({ failure }) => failure === undefined, { part: 'later', within: WITHIN })
})

test('ec2: machines by tag and network; one that is terminated is released', async () => {
  const { vpc, subnet } = await account.createNetwork()
  const shop = { 'tidegate.enable': 'true', 'tidegate.port': '8080', Name: 'shop' }
  const first = await account.runMachine('127.0.3.1', shop)
  const second = await account.runMachine('127.0.3.2', shop)
  await account.runMachine('127.0.3.3', { Name: 'other' })
  const filters = ['tag:tidegate.enable=true']
  await using watched = watch(ec2Provider, { filters, vpcs: [vpc], subnets: [subnet], zones: ['eu-west-1b'] })
  await watched.until('both', ({ snapshot }) => snapshot?.instances?.length === 2, {
    part: REGION,
    within: WITHIN,
  })
  const instances = watched.view(REGION).snapshot!.instances!
  assert.deepEqual(new Set(instances.map(({ address }) => address)), new Set(['127.0.3.1', '127.0.3.2']))
  assert.deepEqual(instances[0]?.meta, { vpc, subnet })
  await account.terminate(first)
  await readAgain(watched, REGION)
  assert.deepEqual(watched.view(REGION).snapshot?.released, [first])
  assert.deepEqual(
    watched.view(REGION).snapshot?.instances?.map(({ id }) => id),
    [second],
  )
})

test('ec2: machines of a group, of which one stands by', async () => {
  await account.createNetwork()
  const ids = await account.createGroup('web', 3)
  await using watched = watch(ec2Provider, { lifecycleStates: true })
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 3, {
    part: REGION,
    within: WITHIN,
  })
  assert.ok(
    watched
      .view(REGION)
      .snapshot!.instances!.every(({ name, terminating }) => name === 'web' && !terminating),
  )
  await account.standBy('web', ids[1]!)
  await readAgain(watched, REGION)
  const draining = watched.view(REGION).snapshot!.instances!.filter(({ terminating }) => terminating)
  assert.deepEqual(
    draining.map(({ id }) => id),
    [ids[1]],
  )
})

interface Policy {
  readonly Version: string
  readonly Statement: readonly {
    readonly Sid: string
    readonly Effect: string
    readonly Action: readonly string[]
    readonly Resource: string
  }[]
}

function policyOf(name: 'ecs' | 'ec2'): Policy {
  return JSON.parse(
    readFileSync(new URL(`../../terraform/policies/${name}.json`, import.meta.url), 'utf8'),
  ) as Policy
}

/** A user that may do what the policy says, and its keys. */
async function userWith(policy: Policy): Promise<typeof ANYBODY> {
  await moto.iam('CreateUser', { UserName: 'tidegate' })
  const PolicyDocument = JSON.stringify(policy)
  await moto.iam('PutUserPolicy', { UserName: 'tidegate', PolicyName: 'least', PolicyDocument })
  const answer = await moto.iam('CreateAccessKey', { UserName: 'tidegate' })
  const element = (name: string): string => new RegExp(`<${name}>(.*?)</${name}>`).exec(answer)![1]!
  return { accessKeyId: element('AccessKeyId'), secretAccessKey: element('SecretAccessKey') }
}

/** Something of everything that the providers read. */
async function fillAccount(): Promise<void> {
  await account.createNetwork()
  await account.createCluster('prod')
  const host = await account.joinCluster('prod', await account.runMachine('127.0.3.7'))
  const definition = await account.define({
    family: 'api',
    networkMode: 'host',
    image: 'r/api:v2',
    port: 9000,
  })
  await account.startTask('prod', definition, host)
  await account.createGroup('web', 1)
}

const EVERYTHING = {
  ecs: { definition: ecsProvider, part: 'prod', options: { autoDiscoverClusters: true, resourceTags: true } },
  ec2: { definition: ec2Provider, part: REGION, options: { lifecycleStates: true } },
}
for (const name of ['ecs', 'ec2'] as const) {
  test(`${name}: the policy of terraform/policies is enough`, async () => {
    await fillAccount()
    const keys = await userWith(policyOf(name))
    await moto.enforcePolicies()
    const { definition, part, options } = EVERYTHING[name]
    await using watched = watch(definition, options, keys)
    await watched.until('an instance', ({ snapshot }) => (snapshot?.instances?.length ?? 0) > 0, {
      part,
      within: WITHIN,
    })
    assert.deepEqual(watched.view(part).snapshot?.problems, [])
    assert.ok(
      watched.updates.every((update) => 'instances' in update),
      JSON.stringify(watched.updates),
    )
  })
}

// Denials of ECS come from moto as XML, which ECS never sends: that they have words is tested in ecs-errors.test.ts.
const NEEDED: [name: 'ecs' | 'ec2', action: string, message: RegExp][] = [
  ['ecs', 'ecs:ListClusters', /denied access: ecs:ListClusters is not allowed/],
  ['ecs', 'ecs:ListTasks', /denied access: ecs:ListTasks is not allowed/],
  ['ecs', 'ecs:DescribeTasks', /denied access: ecs:DescribeTasks is not allowed/],
  ['ecs', 'ecs:DescribeTaskDefinition', /denied access: ecs:DescribeTaskDefinition is not allowed/],
  ['ecs', 'ecs:DescribeContainerInstances', /denied access: ecs:DescribeContainerInstances is not allowed/],
  ['ecs', 'ec2:DescribeInstances', /denied access: ec2:DescribeInstances is not allowed/],
  ['ec2', 'ec2:DescribeInstances', /denied access: ec2:DescribeInstances is not allowed/],
  [
    'ec2',
    'autoscaling:DescribeAutoScalingInstances',
    /denied access: autoscaling:DescribeAutoScalingInstances is not allowed/,
  ],
]
for (const [name, action, expected] of NEEDED) {
  test(`${name}: without ${action} there is one clear problem`, async () => {
    await fillAccount()
    const { Version, Statement } = policyOf(name)
    const less = Statement.map((one) => ({ ...one, Action: one.Action.filter((other) => other !== action) }))
    const keys = await userWith({ Version, Statement: less.filter(({ Action }) => Action.length > 0) })
    await moto.enforcePolicies()
    const { definition, options } = EVERYTHING[name]
    await using watched = watch(definition, options, keys)
    const problems = (): string[] =>
      watched.updates.flatMap((update) => {
        if ('failure' in update) return [update.failure.message]
        return 'problems' in update ? (update.problems ?? []).map(({ message }) => message) : []
      })
    for (const part of [EVERYTHING[name].part, '*'])
      await watched.until('the problem', () => problems().some((message) => expected.test(message)), {
        part,
        within: WITHIN,
      })
  })
}

test('a signature that is wrong is told as such, without the secret', async () => {
  const { accessKeyId } = await userWith(policyOf('ec2'))
  await moto.enforcePolicies()
  const secretAccessKey = 'this-is-not-its-secret'
  await using watched = watch(ec2Provider, {}, { accessKeyId, secretAccessKey })
  await watched.until('the failure', ({ failure }) => failure !== undefined, { part: REGION, within: WITHIN })
  assert.match(watched.view(REGION).failure?.message ?? '', /does not accept the credentials/)
  assert.ok(!JSON.stringify(watched.updates).includes(secretAccessKey))
})

test('a role that is taken on is the one whose policy counts', async () => {
  await fillAccount()
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
  })
  await moto.iam('CreateRole', { RoleName: 'reader', AssumeRolePolicyDocument })
  const PolicyDocument = JSON.stringify(policyOf('ecs'))
  await moto.iam('PutRolePolicy', { RoleName: 'reader', PolicyName: 'least', PolicyDocument })
  const keys = await userWith({
    Version: '2012-10-17',
    Statement: [{ Sid: 'TakeOn', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: '*' }],
  })
  await moto.enforcePolicies()
  const options = { clusters: ['prod'], assumeRoleArn: 'arn:aws:iam::123456789012:role/reader' }
  await using watched = watch(ecsProvider, options, keys)
  await watched.until('an instance', ({ snapshot }) => snapshot?.instances?.length === 1, {
    part: 'prod',
    within: WITHIN,
  })
})
