import * as ec2 from '@aws-sdk/client-ec2'
import * as ecs from '@aws-sdk/client-ecs'
import type { Moto } from '../peers/moto.ts'
import { startMoto } from '../peers/moto.ts'
import { ANYBODY, MotoAccount, REGION } from '../peers/moto-account.ts'
import type { CleanFolder } from './clean-folder.ts'

const CLUSTER = 'prod'
/** Of the one machine in the cluster. */
const MACHINE = '127.0.2.1'

/**
 * An account of AWS with a network and a machine in the cluster `prod`, played by moto, which starts no programs: each task and
 * machine that a document runs is therefore served by a `whoami` on its address. Tasks of Fargate are not: moto gives
 * them addresses that no machine here has.
 */
export class AwsStage implements AsyncDisposable {
  /** Where all services of AWS are. */
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  readonly #moto: Moto
  readonly #account: MotoAccount
  readonly #served = new Set<string>()

  private constructor(moto: Moto, account: MotoAccount, env: Readonly<Record<string, string>>) {
    this.#moto = moto
    this.#account = account
    this.url = moto.url
    this.env = env
  }

  static async start(): Promise<AwsStage> {
    const moto = await startMoto()
    const account = new MotoAccount(moto)
    const { subnet, securityGroup } = await account.createNetwork()
    await account.createCluster(CLUSTER)
    await account.joinCluster(CLUSTER, await account.runMachine(MACHINE))
    return new AwsStage(moto, account, {
      AWS_ENDPOINT_URL: moto.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: ANYBODY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ANYBODY.secretAccessKey,
      AWS_PAGER: '',
      SUBNET: subnet,
      SECURITY_GROUP: securityGroup,
    })
  }

  /** Starts what the agent of ECS, or the machine, would have started by now. */
  async serve(folder: CleanFolder): Promise<void> {
    const all = [...(await this.#tasks()), ...(await this.#machines())]
    for (const { id, name, address, port } of all.filter((one) => !this.#served.has(one.id))) {
      this.#served.add(id)
      await folder.stay(`tidegate whoami --host=${address} --port=${port} --name=${name}`, 'listens on')
    }
  }

  async #tasks(): Promise<Program[]> {
    const client = this.#account.ecs
    const { taskArns = [] } = await client.send(new ecs.ListTasksCommand({ cluster: CLUSTER }))
    if (taskArns.length === 0) return []
    const { tasks = [] } = await client.send(
      new ecs.DescribeTasksCommand({ cluster: CLUSTER, tasks: taskArns }),
    )
    const onMachines = tasks.filter(({ launchType }) => launchType !== 'FARGATE')
    return await Promise.all(
      onMachines.map(async ({ taskArn, taskDefinitionArn }) => {
        const asked = { taskDefinition: taskDefinitionArn! }
        const { taskDefinition } = await client.send(new ecs.DescribeTaskDefinitionCommand(asked))
        const { name = '', portMappings = [] } = taskDefinition!.containerDefinitions![0]!
        return { id: taskArn!, name, address: MACHINE, port: String(portMappings[0]!.containerPort) }
      }),
    )
  }

  async #machines(): Promise<Program[]> {
    const { Reservations = [] } = await this.#account.ec2.send(new ec2.DescribeInstancesCommand({}))
    const machines = Reservations.flatMap(({ Instances = [] }) => Instances)
    return machines
      .filter(({ PrivateIpAddress }) => PrivateIpAddress !== MACHINE)
      .map((machine) => {
        const tag = (name: string): string => machine.Tags?.find(({ Key }) => Key === name)?.Value ?? ''
        const address = machine.PrivateIpAddress!
        return { id: machine.InstanceId!, name: tag('Name'), address, port: tag('tidegate.port') }
      })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#account[Symbol.dispose]()
    await this.#moto[Symbol.asyncDispose]()
  }
}

interface Program {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly port: string
}
