import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { Instance } from '../../src/discovery/provider.ts'
import { startAwsServer } from '../peers/aws-server.ts'
import { watchEcs } from './ecs-provider.ts'

/** The tests here use our own server of ECS's wire format, for what moto lacks. */

const ENI = (address: string) => ({
  attachments: [
    {
      type: 'ElasticNetworkInterface',
      status: 'ATTACHED',
      details: [{ name: 'privateIPv4Address', value: address }],
    },
  ],
})

for (const machines of [100, 500]) {
  test(`500 running tasks on ${machines} machines: in steady state a reading costs at most 14 calls`, (t) =>
    countCalls(t, machines))
}

async function countCalls(t: TestContext, machines: number): Promise<void> {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const hosts = Array.from({ length: machines }, (_, index) => {
    const id = `i-${String(index).padStart(17, '0')}`
    server.ec2.add({ id, address: `10.0.${index >> 8}.${index & 255}` })
    return server.ecs.addHost('default', id)
  })
  const ports = [{ containerPort: 80, hostPort: 0, protocol: 'tcp' }]
  const definitions = Array.from({ length: 20 }, (_, index) =>
    server.ecs.define({
      family: `app-${index}`,
      networkMode: 'bridge',
      containers: [{ name: 'app', ports }],
    }),
  )
  for (let index = 0; index < 500; index++) {
    const networkBindings = [
      { bindIP: '0.0.0.0', containerPort: 80, hostPort: 32_768 + index, protocol: 'tcp' },
    ]
    server.ecs.addTask('default', definitions[index % 20]!, {
      launchType: 'EC2',
      containerInstanceArn: hosts[index % machines],
      containers: [{ name: 'app', lastStatus: 'RUNNING', networkBindings }],
    })
  }
  await using watched = watchEcs(server)
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 500, {
    part: 'default',
    within: 20_000,
  })
  t.diagnostic(`the first reading: ${JSON.stringify(server.counts)}`)
  assert.equal(server.counts['ecs:DescribeTaskDefinition'], 20, 'each definition is read once')
  server.calls = []
  const before = watched.updates.length
  watched.refresh()
  await watched.until('the next reading', () => watched.updates.length > before, { part: 'default' })
  t.diagnostic(`the next: ${JSON.stringify(server.counts)}`)
  assert.ok(server.calls.length <= 14, JSON.stringify(server.counts))
  assert.equal(server.counts['ecs:DescribeTaskDefinition'], undefined)
  assert.equal(watched.view('default').snapshot?.instances?.length, 500)
}

test('every id is described once', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  server.ecs.pageSize = 7
  const definition = server.ecs.define({
    family: 'app',
    networkMode: 'awsvpc',
    containers: [{ name: 'app', ports: [{ containerPort: 80 }] }],
  })
  for (let index = 0; index < 250; index++)
    server.ecs.addTask('default', definition, ENI(`10.0.0.${index + 1}`))
  await using watched = watchEcs(server)
  await watched.until('all', ({ snapshot }) => snapshot?.instances?.length === 250, { part: 'default' })
  const asked = server.calls
    .filter(({ action }) => action === 'ecs:DescribeTasks')
    .flatMap(({ input }) => input['tasks'] as string[])
  assert.equal(asked.length, 250)
  assert.equal(new Set(asked).size, 250)
  assert.equal(server.counts['ecs:ListTasks'], Math.ceil(250 / 7))
})

interface Mode {
  readonly name: string
  readonly networkMode?: 'awsvpc' | 'bridge' | 'host' | 'none'
  readonly ports: readonly object[]
  readonly task: Readonly<Record<string, unknown>>
  readonly labels?: Readonly<Record<string, string>>
  readonly expected: Pick<Instance, 'address' | 'ports'> | undefined
}

const binding = (containerPort: number, hostPort: number, bindIP = '0.0.0.0') => ({
  bindIP,
  containerPort,
  hostPort,
  protocol: 'tcp',
})
const MODES: readonly Mode[] = [
  {
    name: 'awsvpc: the address of the container',
    networkMode: 'awsvpc',
    ports: [{ containerPort: 8080, hostPort: 8080 }],
    task: {
      ...ENI('10.0.0.9'),
      containers: [
        { name: 'app', networkInterfaces: [{ privateIpv4Address: '10.0.0.5', ipv6Address: '2001:db8::5' }] },
      ],
    },
    expected: { address: '10.0.0.5', ports: [{ port: 8080, containerPort: 8080 }] },
  },
  {
    name: 'awsvpc: the address of the attachment',
    networkMode: 'awsvpc',
    ports: [{ containerPort: 8080 }],
    task: { ...ENI('10.0.0.9') },
    expected: { address: '10.0.0.9', ports: [{ port: 8080, containerPort: 8080 }] },
  },
  {
    name: 'awsvpc: IPv6 where there is no IPv4',
    networkMode: 'awsvpc',
    ports: [{ containerPort: 8080 }],
    task: { containers: [{ name: 'app', networkInterfaces: [{ ipv6Address: '2001:db8::5' }] }] },
    expected: { address: '2001:db8::5', ports: [{ port: 8080, containerPort: 8080 }] },
  },
  {
    name: 'bridge: ports that were chosen at the start, IPv6 bindings not twice',
    networkMode: 'bridge',
    ports: [{ containerPort: 80, hostPort: 0 }],
    task: {
      launchType: 'EC2',
      containers: [{ name: 'app', networkBindings: [binding(80, 32_768), binding(80, 32_768, '::')] }],
    },
    expected: { address: '10.0.1.1', ports: [{ port: 32_768, containerPort: 80 }] },
  },
  {
    name: 'bridge without a mode: the lowest host port comes first',
    ports: [
      { containerPort: 80, hostPort: 0 },
      { containerPort: 81, hostPort: 0 },
    ],
    task: {
      launchType: 'EC2',
      containers: [{ name: 'app', networkBindings: [binding(80, 40_000), binding(81, 32_769)] }],
    },
    expected: {
      address: '10.0.1.1',
      ports: [
        { port: 32_769, containerPort: 81 },
        { port: 40_000, containerPort: 80 },
      ],
    },
  },
  {
    name: 'host: the ports of the definition',
    networkMode: 'host',
    ports: [{ containerPort: 9090 }, { containerPort: 53, protocol: 'udp' }],
    task: { launchType: 'EC2' },
    expected: { address: '10.0.1.1', ports: [{ port: 9090, containerPort: 9090 }] },
  },
  {
    name: 'no port and no label that names one',
    networkMode: 'awsvpc',
    ports: [],
    task: ENI('10.0.0.9'),
    expected: undefined,
  },
  {
    name: 'no port, but a label that names one',
    networkMode: 'awsvpc',
    ports: [],
    labels: { 'traefik.http.services.app.loadbalancer.server.port': '8000' },
    task: ENI('10.0.0.9'),
    expected: { address: '10.0.0.9', ports: [] },
  },
  { name: 'no network', networkMode: 'none', ports: [{ containerPort: 80 }], task: {}, expected: undefined },
]
for (const { name, networkMode, ports, task, labels, expected } of MODES) {
  test(name, async () => {
    await using server = await startAwsServer()
    server.ecs.addCluster('default')
    server.ec2.add({ id: 'i-00000000000000001', address: '10.0.1.1', zone: 'eu-west-1b' })
    const containerInstanceArn = server.ecs.addHost('default', 'i-00000000000000001')
    const definition = server.ecs.define({
      family: 'app',
      ...(networkMode ? { networkMode } : {}),
      containers: [{ name: 'app', ports, ...(labels ? { labels } : {}) }],
    })
    server.ecs.addTask('default', definition, { containerInstanceArn, ...task })
    await using watched = watchEcs(server)
    await watched.until('the picture', ({ snapshot }) => snapshot !== undefined, { part: 'default' })
    const [instance] = watched.view('default').snapshot?.instances ?? []
    assert.deepEqual(instance && { address: instance.address, ports: instance.ports }, expected)
    assert.deepEqual(watched.view('default').snapshot?.problems, [])
  })
}

test('several containers of one task are instances of their own, named after it and themselves', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const definition = server.ecs.define({
    family: 'shop-task',
    networkMode: 'awsvpc',
    containers: [
      {
        name: 'shop',
        image: 'r/shop:v3',
        ports: [{ containerPort: 80 }],
        labels: { 'tidegate.weight': '2' },
      },
      { name: 'metrics', image: 'r/metrics:v9', ports: [{ containerPort: 9100 }] },
      { name: 'log-router', image: 'r/fluent:1' },
    ],
  })
  server.ecs.addTask('default', definition, {
    ...ENI('10.0.0.9'),
    group: 'service:shop',
    availabilityZone: 'eu-west-1a',
  })
  await using watched = watchEcs(server)
  await watched.until('both', ({ snapshot }) => snapshot?.instances?.length === 2, { part: 'default' })
  const [metrics, shop] = watched.view('default').snapshot?.instances ?? []
  assert.deepEqual(shop, {
    id: '00000000000000000000000000000001/shop',
    name: 'service-shop-shop',
    app: 'shop',
    address: '10.0.0.9',
    ports: [{ port: 80, containerPort: 80 }],
    tags: ['tidegate.weight=2'],
    health: 'unknown',
    meta: {
      cluster: 'default',
      service: 'shop',
      family: 'shop-task',
      revision: '1',
      container: 'shop',
      image: 'r/shop:v3',
    },
    zone: 'eu-west-1a',
    createdAt: 1_700_000_001_000,
  })
  assert.equal(metrics?.app, 'shop-metrics')
  assert.equal(metrics?.name, 'service-shop-metrics')
})

const HEALTHS: [name: string, options: object, task: string, container: string, served: boolean][] = [
  ['no check', {}, 'UNKNOWN', 'UNKNOWN', true],
  ['healthy', {}, 'HEALTHY', 'HEALTHY', true],
  ['the task is unhealthy', {}, 'UNHEALTHY', 'UNKNOWN', false],
  ['the container is unhealthy', {}, 'UNKNOWN', 'UNHEALTHY', false],
  ['no check where only healthy ones are served', { healthyTasksOnly: true }, 'UNKNOWN', 'UNKNOWN', false],
  ['healthy where only healthy ones are served', { healthyTasksOnly: true }, 'HEALTHY', 'HEALTHY', true],
]
for (const networkMode of ['awsvpc', 'bridge', 'host'] as const) {
  for (const [name, options, taskHealth, containerHealth, served] of HEALTHS) {
    test(`${networkMode}: ${name}: ${served ? 'served' : 'drains'}`, async () => {
      await using server = await startAwsServer()
      server.ecs.addCluster('default')
      server.ec2.add({ id: 'i-00000000000000001', address: '10.0.1.1' })
      const containerInstanceArn = server.ecs.addHost('default', 'i-00000000000000001')
      const ports = [{ containerPort: 80, hostPort: 80 }]
      const definition = server.ecs.define({
        family: 'app',
        networkMode,
        containers: [{ name: 'app', ports }],
      })
      const container = { name: 'app', lastStatus: 'RUNNING', healthStatus: containerHealth }
      server.ecs.addTask('default', definition, {
        ...ENI('10.0.0.9'),
        containerInstanceArn,
        healthStatus: taskHealth,
        containers: [container],
      })
      await using watched = watchEcs(server, options)
      await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'default' })
      assert.equal(watched.view('default').snapshot?.instances?.[0]?.terminating !== true, served)
    })
  }
}

test('a machine that is being shut down takes its tasks along', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  server.ec2.add({ id: 'i-00000000000000001', address: '10.0.1.1' })
  const containerInstanceArn = server.ecs.addHost('default', 'i-00000000000000001')
  const definition = server.ecs.define({
    family: 'app',
    networkMode: 'host',
    containers: [{ name: 'app', ports: [{ containerPort: 80 }] }],
  })
  server.ecs.addTask('default', definition, { launchType: 'EC2', containerInstanceArn })
  await using watched = watchEcs(server)
  const terminating = () => watched.view('default').snapshot?.instances?.[0]?.terminating
  await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'default' })
  assert.equal(terminating(), undefined)
  server.ec2.change('i-00000000000000001', { state: 'shutting-down' })
  watched.refresh()
  await watched.until('it drains', () => terminating() === true, { part: 'default' })
})

test('tasks on machines outside of AWS are refused by name, and others served', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const containerInstanceArn = server.ecs.addHost('default', 'mi-0123456789abcdef0')
  const ports = [{ containerPort: 80, hostPort: 80 }]
  const bridge = server.ecs.define({
    family: 'app',
    networkMode: 'bridge',
    containers: [{ name: 'app', ports }],
  })
  const own = server.ecs.define({
    family: 'own',
    networkMode: 'awsvpc',
    containers: [{ name: 'own', ports }],
  })
  server.ecs.addTask('default', bridge, { launchType: 'EXTERNAL', containerInstanceArn })
  server.ecs.addTask('default', bridge, { launchType: 'EC2', containerInstanceArn })
  server.ecs.addTask('default', own, ENI('10.0.0.9'))
  await using watched = watchEcs(server)
  await watched.until('the picture', ({ snapshot }) => snapshot !== undefined, { part: 'default' })
  const { instances, problems } = watched.view('default').snapshot!
  assert.deepEqual(
    instances?.map(({ app }) => app),
    ['own'],
  )
  assert.match(problems?.[0]?.message ?? '', /^cluster default has 2 tasks outside of AWS \(ECS Anywhere/)
})

test('tags of services and tasks count before labels where they are read, and are kept for a minute', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const labels = { 'tidegate.weight': '1', 'tidegate.env': 'label' }
  const definition = server.ecs.define({
    family: 'app',
    networkMode: 'awsvpc',
    containers: [{ name: 'app', ports: [{ containerPort: 80 }], labels }],
  })
  const tags = [
    { key: 'tidegate.weight', value: '2' },
    { key: 'tidegate.tag', value: 'v2' },
  ]
  server.ecs.addTask('default', definition, { ...ENI('10.0.0.9'), group: 'service:web', tags })
  server.ecs.tagService('default', 'web', { 'tidegate.weight': '3', 'aws:cloudformation:stack-name': 'x' })
  let ahead = 0
  await using watched = watchEcs(
    server,
    { resourceTags: true },
    { monotonic: () => performance.now() + ahead },
  )
  await using plain = watchEcs(server)
  const tagsOf = (one: typeof watched) => one.view('default').snapshot?.instances?.[0]?.tags
  await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'default' })
  await plain.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'default' })
  assert.deepEqual(tagsOf(plain), ['tidegate.env=label', 'tidegate.weight=1'])
  assert.deepEqual(tagsOf(watched), [
    'aws:cloudformation:stack-name=x',
    'tidegate.env=label',
    'tidegate.tag=v2',
    'tidegate.weight=3',
  ])
  server.ecs.tagService('default', 'web', { 'tidegate.weight': '4' })
  const readings = watched.updates.length
  watched.refresh()
  await watched.until('another reading', () => watched.updates.length > readings, { part: 'default' })
  assert.equal(server.counts['ecs:DescribeServices'], 1)
  ahead = 61_000
  watched.refresh()
  await watched.until('the new weight', () => tagsOf(watched)?.includes('tidegate.weight=4') === true, {
    part: 'default',
  })
})

test('clusters are found where that is asked for, and go when ECS says that they were deleted', async () => {
  await using server = await startAwsServer()
  const definition = server.ecs.define({
    family: 'app',
    networkMode: 'awsvpc',
    containers: [{ name: 'app', ports: [{ containerPort: 80 }] }],
  })
  for (const name of ['one', 'two']) {
    server.ecs.addCluster(name)
    server.ecs.addTask(name, definition, ENI('10.0.0.9'))
  }
  await using watched = watchEcs(server, { autoDiscoverClusters: true })
  for (const part of ['one', 'two'])
    await watched.until(part, ({ snapshot }) => snapshot?.instances?.length === 1, { part })
  server.ecs.addCluster('three')
  server.ecs.addTask('three', definition, ENI('10.0.0.3'))
  server.ecs.clusters.get('one')!.status = 'INACTIVE'
  watched.refresh()
  await watched.until('three', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'three' })
  await watched.until('one gone', ({ snapshot }) => snapshot?.instances?.length === 0, { part: 'one' })
  assert.equal(watched.view('two').snapshot?.instances?.length, 1)
})

test('without `watch` it is read once, and when it is asked for', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const containers = [{ name: 'app', ports: [{ containerPort: 80 }] }]
  const definition = server.ecs.define({ family: 'app', networkMode: 'awsvpc', containers })
  server.ecs.addTask('default', definition, ENI('10.0.0.1'))
  const asked: number[] = []
  const sleep = (milliseconds: number): Promise<void> => {
    asked.push(milliseconds)
    return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref())
  }
  await using watched = watchEcs(server, { watch: false }, { sleep })
  await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'default' })
  assert.ok(
    asked.every((milliseconds) => milliseconds === 10_000),
    'nothing but time-outs of calls is waited for',
  )
  server.ecs.addTask('default', definition, ENI('10.0.0.2'))
  watched.refresh()
  await watched.until('both', ({ snapshot }) => snapshot?.instances?.length === 2, { part: 'default' })
})

test('a cluster may be named by its ARN, and is read once however it is named', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('prod')
  const clusters = ['arn:aws:ecs:eu-west-1:123456789012:cluster/prod', 'prod']
  await using watched = watchEcs(server, { clusters })
  await watched.until('it', ({ snapshot }) => snapshot !== undefined, { part: 'prod' })
  assert.deepEqual(server.counts, { 'ecs:ListTasks': 1 })
})

test('a task whose service is gone is served without tags of it', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const containers = [{ name: 'app', ports: [{ containerPort: 80 }] }]
  const definition = server.ecs.define({ family: 'app', networkMode: 'awsvpc', containers })
  server.ecs.addTask('default', definition, { ...ENI('10.0.0.1'), group: 'service:deleted' })
  await using watched = watchEcs(server, { resourceTags: true })
  await watched.until('it', ({ snapshot }) => snapshot?.instances?.length === 1, { part: 'default' })
})
