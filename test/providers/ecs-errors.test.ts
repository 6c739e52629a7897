import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import provider from '../../providers/ecs.ts'
import { ConfigurationError } from '../../src/config/problem.ts'
import type { AwsFault } from '../peers/aws-server.ts'
import { startAwsServer } from '../peers/aws-server.ts'
import { KEYS, watchEcs } from './ecs-provider.ts'
import { WatchedProvider } from './watched-provider.ts'

/** Our own server: moto answers nothing of this kind. Errors have the codes and words that AWS gives them. */

const ARN = 'arn:aws:ecs:eu-west-1:123456789012:cluster/default'
const FAULTS: [name: string, fault: AwsFault, expected: RegExp][] = [
  [
    'a denied action',
    {
      status: 400,
      code: 'AccessDeniedException',
      message: `User: arn:aws:iam::123456789012:user/x is not authorized to perform: ecs:ListTasks on resource: ${ARN} because no identity-based policy allows the ecs:ListTasks action`,
    },
    /^E402 AWS \(ecs:ListTasks on cluster default in eu-west-1\) denied access: ecs:ListTasks is not allowed on arn:aws:ecs:\S+\/default — allow ecs:ListTasks in the policy/,
  ],
  [
    'a denied action without a reason',
    { status: 400, code: 'AccessDeniedException', message: '' },
    /^E402 AWS \(.*\) denied access: ecs:ListTasks is not allowed on cluster default/,
  ],
  [
    'an expired token',
    {
      status: 400,
      code: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    },
    /^E402 .* denied access: the credentials have expired/,
  ],
  [
    'unknown credentials',
    {
      status: 400,
      code: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    },
    /^E402 .* does not accept the credentials/,
  ],
  [
    'a wrong signature',
    {
      status: 403,
      code: 'InvalidSignatureException',
      message: `The request signature with ${KEYS.secretAccessKey} does not match`,
    },
    /^E402 .* does not accept the credentials: The request signature with \*\*\* does not match/,
  ],
  [
    '500',
    { status: 500, code: 'ServerException', message: 'oops' },
    /^E404 .* answered with an error \(500\): oops/,
  ],
  ['a reset', 'reset', /^E401 .* cannot be reached: .*(?:ECONNRESET|socket hang up)/],
  ['half an answer', 'cut', /^E40[14] /],
  ['an answer that is none', 'garbage', /^E404 .* gave an answer that is none of its own/],
  [
    'an unknown error',
    { status: 400, code: 'WhateverException', message: 'no\nway' },
    /^E404 .* answered with an error \(400\): no way/,
  ],
]
for (const [name, fault, expected] of FAULTS) {
  test(`${name}: one clear problem, the other cluster is served, and it heals`, async () => {
    await using server = await startAwsServer()
    for (const cluster of ['default', 'other']) server.ecs.addCluster(cluster)
    server.fault = ({ input }) => (input['cluster'] === 'default' ? fault : undefined)
    const quick = (milliseconds: number): Promise<void> =>
      new Promise(
        (resolve) =>
          void setTimeout(resolve, milliseconds < 9_000 ? milliseconds / 20 : milliseconds).unref(),
      )
    await using watched = watchEcs(server, { clusters: ['default', 'other'] }, { sleep: quick })
    await watched.until('the other', ({ snapshot }) => snapshot !== undefined, { part: 'other' })
    await watched.until('the failure', ({ failure }) => failure !== undefined, { part: 'default' })
    const { code, message, remedy } = watched.view('default').failure!
    const text = `${code} ${message} — ${remedy}`
    assert.match(text, expected)
    assert.ok(!JSON.stringify(watched.updates).includes(KEYS.secretAccessKey))
    server.fault = () => undefined
    await watched.until('healed', ({ failure }) => failure === undefined, { part: 'default' })
  })
}

test('an answer that never comes is given up after ten seconds', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  server.fault = () => 'hang'
  const asked: number[] = []
  const sleep = (milliseconds: number): Promise<void> => {
    asked.push(milliseconds)
    return new Promise((resolve) => void setTimeout(resolve, milliseconds / 100).unref())
  }
  await using watched = watchEcs(server, {}, { sleep })
  await watched.until('the failure', ({ failure }) => failure !== undefined, { part: 'default' })
  assert.match(
    watched.view('default').failure?.message ?? '',
    /did not answer in time: no answer within 10000 ms/,
  )
  assert.equal(asked[0], 10_000)
})

test('an unknown cluster is named', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('other')
  await using watched = watchEcs(server, { clusters: ['prod', 'other'] })
  await watched.until('the other', ({ snapshot }) => snapshot !== undefined, { part: 'other' })
  await watched.until('the failure', ({ failure }) => failure !== undefined, { part: 'prod' })
  const { code, message, origin } = watched.view('prod').failure!
  assert.equal(
    `${code} ${message}`,
    'E102 AWS (ecs:ListTasks on cluster prod in eu-west-1) knows no such thing: Cluster not found.',
  )
  assert.deepEqual(origin, { source: 'tested', key: 'clusters' })
  server.ecs.addCluster('prod')
  await watched.until('healed', ({ failure }) => failure === undefined, { part: 'prod' })
})

test('a denied secondary action is a problem of its own, and costs only what needs it', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const containerInstanceArn = server.ecs.addHost('default', 'i-00000000000000001')
  const ports = [{ containerPort: 80, hostPort: 80 }]
  const bridge = server.ecs.define({ family: 'a', networkMode: 'bridge', containers: [{ name: 'a', ports }] })
  const own = server.ecs.define({ family: 'b', networkMode: 'awsvpc', containers: [{ name: 'b', ports }] })
  server.ecs.addTask('default', bridge, { launchType: 'EC2', containerInstanceArn })
  server.ecs.addTask('default', own, {
    containers: [{ name: 'b', networkInterfaces: [{ privateIpv4Address: '10.0.0.1' }] }],
  })
  const blob = `Encoded authorization failure message: ${'x'.repeat(3_000)}`
  const message = `You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: ec2:DescribeInstances because no identity-based policy allows the ec2:DescribeInstances action. ${blob}`
  server.fault = ({ action }) =>
    action === 'ec2:DescribeInstances' ? { status: 403, code: 'UnauthorizedOperation', message } : undefined
  await using watched = watchEcs(server)
  await watched.until('the picture', ({ snapshot }) => snapshot !== undefined, { part: 'default' })
  const { instances, problems } = watched.view('default').snapshot!
  assert.deepEqual(
    instances?.map(({ app }) => app),
    ['b'],
  )
  assert.equal(
    problems?.[0]?.message,
    'AWS (ec2:DescribeInstances on machine i-00000000000000001 in eu-west-1) denied access: ec2:DescribeInstances is not allowed on machine i-00000000000000001',
  )
})

const AWS_VARIABLES = [
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'ECS_CONTAINER_METADATA_URI_V4',
]

/** The variables of AWS as a test wants them, and as they were in the end. */
async function withVariables(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<void>,
): Promise<void> {
  const before = { ...process.env }
  for (const name of AWS_VARIABLES) delete process.env[name]
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
    ...variables,
  })
  try {
    await work()
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

test('no region anywhere: one problem that says where one may be given', () =>
  withVariables({}, async () => {
    await using watched = new WatchedProvider(provider, KEYS)
    await assert.rejects(watched.ended, (error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.match(
        `${error.problems[0]?.code} ${error.message}`,
        /^E103 no region is known: neither the options nor AWS_REGION/,
      )
      return true
    })
  }))

test('no credentials anywhere: one problem, and those that come later are found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  const file = join(folder, 'credentials')
  await withVariables({ AWS_REGION: 'eu-west-1', AWS_SHARED_CREDENTIALS_FILE: file }, async () => {
    await using server = await startAwsServer()
    server.ecs.addCluster('default')
    await using watched = new WatchedProvider(provider, { endpoint: server.url })
    await watched.until('the failure', ({ failure }) => failure !== undefined, { part: 'default' })
    assert.match(
      watched.view('default').failure?.message ?? '',
      /was not asked, since no credentials were found/,
    )
    await writeFile(file, '[default]\naws_access_key_id = AKIDLATER\naws_secret_access_key = later\n')
    await watched.until('healed', ({ failure }) => failure === undefined, { part: 'default' })
    assert.match(String(server.calls[0]?.headers.authorization), /Credential=AKIDLATER\//)
    // Renewed where they were: the old ones are refused.
    await writeFile(file, '[default]\naws_access_key_id = AKIDRENEWED\naws_secret_access_key = renewed\n')
    server.fault = ({ headers }) =>
      String(headers.authorization).includes('AKIDRENEWED')
        ? undefined
        : {
            status: 400,
            code: 'ExpiredTokenException',
            message: 'The security token included in the request is expired',
          }
    watched.refresh()
    await watched.until('expired', ({ failure }) => failure !== undefined, { part: 'default' })
    await watched.until('renewed', ({ failure }) => failure === undefined, { part: 'default' })
  })
  await rm(folder, { recursive: true })
})

test('the credentials of the role of the task, which its agent hands out, are used', async () => {
  const agent = createServer((_, response) => {
    const Expiration = new Date(Date.now() + 3_600_000).toISOString()
    const role = { AccessKeyId: 'ASIAOFTHETASK', SecretAccessKey: 'secret', Token: 'session', Expiration }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(role))
  }).listen(0, '127.0.0.1')
  await once(agent, 'listening')
  const { port } = agent.address() as AddressInfo
  const uri = `http://127.0.0.1:${port}/role`
  await withVariables({ AWS_REGION: 'eu-west-1', AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }, async () => {
    await using server = await startAwsServer()
    server.ecs.addCluster('default')
    await using watched = new WatchedProvider(provider, { endpoint: server.url })
    await watched.until('the picture', ({ snapshot }) => snapshot !== undefined, { part: 'default' })
    const { headers } = server.calls[0]!
    assert.match(String(headers.authorization), /Credential=ASIAOFTHETASK\//)
    assert.equal(headers['x-amz-security-token'], 'session')
  })
  agent.close()
  agent.closeAllConnections()
})

test('half of a key pair, and an endpoint that is none, are told at the start', async () => {
  await using half = new WatchedProvider(provider, { region: 'x', accessKeyID: 'AKID' })
  await assert.rejects(half.ended, /accessKeyID is given without secretAccessKey/)
  await using wrong = new WatchedProvider(provider, { region: 'x', endpoint: 'localhost:4566' })
  await assert.rejects(wrong.ended, /endpoint is no URL/)
})

test('several regions are read side by side, each with parts of its own', async () => {
  await using server = await startAwsServer()
  server.ecs.addCluster('default')
  const { region: _, ...access } = { region: '', endpoint: server.url, ...KEYS }
  await using watched = new WatchedProvider(provider, { ...access, regions: ['eu-west-1', 'us-east-1'] })
  for (const part of ['eu-west-1/default', 'us-east-1/default'])
    await watched.until(part, ({ snapshot }) => snapshot !== undefined, { part })
  const scopes = new Set(
    server.calls.map(({ headers }) => /\/(\w+-\w+-\d)\/ecs\//.exec(String(headers.authorization))?.[1]),
  )
  assert.deepEqual(scopes, new Set(['eu-west-1', 'us-east-1']))
})
