import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateSubnetCommand } from '@aws-sdk/client-ec2'
import * as ecs from '@aws-sdk/client-ecs'
import { request } from 'undici'
import { freePorts } from '../peers/free-ports.ts'
import type { Moto } from '../peers/moto.ts'
import { startMoto } from '../peers/moto.ts'
import { MotoAccount, REGION } from '../peers/moto-account.ts'
import { startMotoRelay } from '../peers/moto-relay.ts'
import type { MotoRelay } from '../peers/moto-relay.ts'
import { findTerraform } from '../peers/terraform.ts'
import type { Terraform } from '../peers/terraform.ts'
import { until } from '../support/until.ts'
import { InsideProcess } from '../ship/image/sandbox.ts'
import { initialise, openWorkspace, ROOT, terraform } from './workspace.ts'

/**
 * The example `ecs`, applied to moto by Terraform itself. moto takes everything but starts no task for a service; so
 * the test does what the scheduler of ECS does, by what was applied and nothing else. Then Tidegate runs with the very
 * variables of its applied container and the rights of its applied role.
 */

const found = await findTerraform()
if (typeof found === 'string')
  test(`terraform apply of the example ecs: cannot be shown here, ${found}`, (t) => t.todo())
else
  test(`terraform apply of the example ecs (${found.source}): Tidegate finds and serves what was applied`, () =>
    applyAndServe(found))

interface Applied {
  readonly hosts: Readonly<Record<string, string>>
  readonly cluster_name: string
  readonly service_names: Readonly<Record<string, string>>
  readonly task_role_arn: string
  readonly dns_name: string
}

async function applyAndServe(given: Terraform): Promise<void> {
  await using moto = await startMoto()
  using account = new MotoAccount(moto)
  const [whoami = 0, web = 0, health = 0] = await freePorts(3)
  await using workspace = await openWorkspace()
  await using relay = await startMotoRelay(moto.url)
  const applied = await apply(given, join(workspace.path, 'terraform/examples/ecs'), relay, account, whoami)
  assert.deepEqual(applied.hosts, { v1: 'whoami-v1.dev.example.com', v2: 'whoami-v2.dev.example.com' })

  const running = await startTasks(account, applied)
  assert.deepEqual({ v1: running['v1']!.length, v2: running['v2']!.length }, { v1: 2, v2: 1 })
  await using origins = new AsyncDisposableStack()
  for (const [version, addresses] of Object.entries(running)) {
    for (const address of addresses) {
      const own = `127.0.1.${relay.addresses.size + 1}`
      relay.addresses.set(address, own)
      origins.use(await answering(own, whoami, version))
    }
  }

  const container = await containerOf(account, applied.service_names['tidegate']!, applied.cluster_name)
  const keys = await keysOfRole(moto, applied.task_role_arn)
  await moto.enforcePolicies()
  const child = spawn(
    process.execPath,
    [join(ROOT, 'src/main.ts'), 'run', '--configFile=deploy/image/tidegate.yml'],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries((container.environment ?? []).map(({ name, value }) => [name!, value!])),
        ...keys,
        PATH: process.env['PATH'],
        LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'],
        AWS_ENDPOINT_URL: relay.url,
        // A task has all ports for itself.
        TIDEGATE_ENTRYPOINTS_WEB_ADDRESS: `127.0.0.1:${web}`,
        TIDEGATE_ENTRYPOINTS_TRAEFIK_ADDRESS: `127.0.0.1:${health}`,
        TIDEGATE_ENTRYPOINTS_WEB_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT: '0s',
        TIDEGATE_ENTRYPOINTS_TRAEFIK_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT: '0s',
        TIDEGATE_WORKERS: '1',
      },
    },
  )
  await using tidegate = new InsideProcess(child)
  for (const [version, host] of Object.entries(applied.hosts)) {
    const served = async (): Promise<boolean> => (await ask(web, host)) === `200 ${version}`
    const complain = (error: unknown): never => {
      throw new Error(`${String(error)}\n${tidegate.output}`)
    }
    await until(`${host} to be served`, served, 60_000).catch(complain)
  }
  assert.equal(await ask(web, 'whoami-v3.dev.example.com'), '404 ')
  assert.doesNotMatch(tidegate.output, /denied access/)
  assert.equal(await tidegate.end('SIGTERM'), 0, tidegate.output)
}

async function apply(
  given: Terraform,
  folder: string,
  relay: MotoRelay,
  account: MotoAccount,
  whoami: number,
): Promise<Applied> {
  const { vpc, subnet } = await account.createNetwork()
  const other = { VpcId: vpc, CidrBlock: '127.0.16.0/20', AvailabilityZone: `${REGION}a` }
  const { Subnet } = await account.ec2.send(new CreateSubnetCommand(other))
  const variables = {
    region: REGION,
    vpc_id: vpc,
    subnet_ids: [subnet],
    load_balancer_subnet_ids: [subnet, Subnet!.SubnetId!],
    image: 'registry.test/tidegate:0.1.0',
    whoami_port: whoami,
  }
  await writeFile(join(folder, 'test.auto.tfvars.json'), JSON.stringify(variables))
  const access = {
    AWS_ENDPOINT_URL: relay.url,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'not-a-secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  await initialise(given, folder)
  await terraform(given, folder, ['apply', '-auto-approve', '-input=false'], access)
  const outputs = JSON.parse(await terraform(given, folder, ['output', '-json'], access)) as Record<
    string,
    { value: unknown }
  >
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { value }]) => [name, value]),
  ) as unknown as Applied
}

/** As the scheduler of ECS does for each service: tasks of its definition, in its network. Gives their addresses. */
async function startTasks(
  account: MotoAccount,
  { cluster_name: cluster, service_names: names }: Applied,
): Promise<Record<string, string[]>> {
  const addresses: Record<string, string[]> = {}
  for (const [key, name] of Object.entries(names)) {
    const service = await serviceOf(account, name, cluster)
    const { tasks = [] } = await account.ecs.send(
      new ecs.RunTaskCommand({
        cluster,
        taskDefinition: service.taskDefinition,
        count: service.desiredCount,
        launchType: 'FARGATE',
        networkConfiguration: service.networkConfiguration,
        group: `service:${name}`,
      }),
    )
    addresses[key] = tasks.map(
      ({ attachments }) =>
        attachments![0]!.details!.find(({ name: of }) => of === 'privateIPv4Address')!.value!,
    )
  }
  delete addresses['tidegate']
  return addresses
}

async function serviceOf(account: MotoAccount, name: string, cluster: string): Promise<ecs.Service> {
  const { services = [] } = await account.ecs.send(
    new ecs.DescribeServicesCommand({ cluster, services: [name] }),
  )
  return services[0]!
}

async function containerOf(
  account: MotoAccount,
  name: string,
  cluster: string,
): Promise<ecs.ContainerDefinition> {
  const { taskDefinition: arn } = await serviceOf(account, name, cluster)
  const input = { taskDefinition: arn }
  const { taskDefinition } = await account.ecs.send(new ecs.DescribeTaskDefinitionCommand(input))
  return taskDefinition!.containerDefinitions![0]!
}

/** What the agent of ECS hands to the container. */
async function keysOfRole(moto: Moto, arn: string): Promise<Record<string, string>> {
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: arn,
    RoleSessionName: 'task',
  })
  const authorization = 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sts/aws4_request'
  const response = await fetch(moto.url, { method: 'POST', body, headers: { authorization } })
  const text = await response.text()
  const part = (name: string): string =>
    new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? assert.fail(text)
  return {
    AWS_ACCESS_KEY_ID: part('AccessKeyId'),
    AWS_SECRET_ACCESS_KEY: part('SecretAccessKey'),
    AWS_SESSION_TOKEN: part('SessionToken'),
  }
}

/** The task's program, at the address that the task was given. */
async function answering(address: string, port: number, text: string): Promise<AsyncDisposable> {
  const server = createServer((_, response) => void response.end(text))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, address, resolve)
  await promise
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function ask(port: number, host: string): Promise<string> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, {
      headers: { host },
      reset: true,
    })
    const text = await body.text()
    return `${statusCode} ${statusCode === 200 ? text : ''}`
  } catch (error) {
    return String(error)
  }
}
