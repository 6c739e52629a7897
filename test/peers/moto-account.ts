import * as scaling from '@aws-sdk/client-auto-scaling'
import * as ec2 from '@aws-sdk/client-ec2'
import * as ecs from '@aws-sdk/client-ecs'
import type { Moto } from './moto.ts'

export const REGION = 'eu-west-1'
/** Accepted by moto as long as policies are not enforced. */
export const ANYBODY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' }

interface Definition {
  readonly family: string
  readonly networkMode: 'awsvpc' | 'host'
  readonly image: string
  readonly port: number
  readonly labels?: Readonly<Record<string, string>>
}

export interface Network {
  readonly vpc: string
  readonly subnet: string
  readonly securityGroup: string
}

/** What an operator does in an account: networks, machines, groups, clusters, tasks. */
export class MotoAccount implements Disposable {
  readonly ec2: ec2.EC2Client
  readonly ecs: ecs.ECSClient
  readonly scaling: scaling.AutoScalingClient
  #subnet: string | undefined
  #securityGroup: string | undefined

  constructor({ url }: Pick<Moto, 'url'>) {
    const settings = { region: REGION, endpoint: url, credentials: ANYBODY }
    this.ec2 = new ec2.EC2Client(settings)
    this.ecs = new ecs.ECSClient(settings)
    this.scaling = new scaling.AutoScalingClient(settings)
  }

  /** A network whose addresses are loopback ones. */
  async createNetwork(): Promise<Network> {
    const { Vpc } = await this.ec2.send(new ec2.CreateVpcCommand({ CidrBlock: '127.0.0.0/16' }))
    const VpcId = Vpc!.VpcId!
    const subnet = { VpcId, CidrBlock: '127.0.0.0/20', AvailabilityZone: `${REGION}b` }
    const { Subnet } = await this.ec2.send(new ec2.CreateSubnetCommand(subnet))
    const group = { GroupName: 'all', Description: 'all', VpcId }
    const { GroupId } = await this.ec2.send(new ec2.CreateSecurityGroupCommand(group))
    this.#subnet = Subnet!.SubnetId!
    this.#securityGroup = GroupId!
    return { vpc: VpcId, subnet: this.#subnet, securityGroup: this.#securityGroup }
  }

  /** Gives the id of a new machine. */
  async runMachine(PrivateIpAddress: string, tags: Readonly<Record<string, string>> = {}): Promise<string> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    const { Instances } = await this.ec2.send(
      new ec2.RunInstancesCommand({
        ImageId: 'ami-12345678',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: this.#subnet,
        PrivateIpAddress,
        ...(Tags.length > 0 ? { TagSpecifications: [{ ResourceType: 'instance', Tags }] } : {}),
      }),
    )
    return Instances![0]!.InstanceId!
  }

  async terminate(id: string): Promise<void> {
    await this.ec2.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
  }

  /** Gives the ids of the machines of a new group. */
  async createGroup(name: string, size: number): Promise<string[]> {
    const launch = { LaunchConfigurationName: name, ImageId: 'ami-12345678', InstanceType: 't3.micro' }
    await this.scaling.send(new scaling.CreateLaunchConfigurationCommand(launch))
    await this.scaling.send(
      new scaling.CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        LaunchConfigurationName: name,
        MinSize: 0,
        MaxSize: size,
        DesiredCapacity: size,
        VPCZoneIdentifier: this.#subnet,
      }),
    )
    const { AutoScalingInstances = [] } = await this.scaling.send(
      new scaling.DescribeAutoScalingInstancesCommand({}),
    )
    return AutoScalingInstances.map(({ InstanceId }) => InstanceId!)
  }

  async standBy(group: string, id: string): Promise<void> {
    const input = { AutoScalingGroupName: group, InstanceIds: [id], ShouldDecrementDesiredCapacity: true }
    await this.scaling.send(new scaling.EnterStandbyCommand(input))
  }

  async createCluster(clusterName: string): Promise<void> {
    await this.ecs.send(new ecs.CreateClusterCommand({ clusterName }))
  }

  /** Gives the ARN of the next revision. */
  async define({ family, networkMode, image, port, labels = {} }: Definition): Promise<string> {
    const container = {
      name: family,
      image,
      memory: 8,
      portMappings: [{ containerPort: port, hostPort: port, protocol: 'tcp' as const }],
      dockerLabels: { ...labels },
    }
    const { taskDefinition } = await this.ecs.send(
      new ecs.RegisterTaskDefinitionCommand({
        family,
        networkMode,
        cpu: '256',
        memory: '512',
        containerDefinitions: [container],
      }),
    )
    return taskDefinition!.taskDefinitionArn!
  }

  /** Makes a machine a container instance of the cluster, and gives its ARN as such. */
  async joinCluster(cluster: string, instanceId: string): Promise<string> {
    const instanceIdentityDocument = JSON.stringify({ instanceId })
    const input = { cluster, instanceIdentityDocument, instanceIdentityDocumentSignature: 'none' }
    const { containerInstance } = await this.ecs.send(new ecs.RegisterContainerInstanceCommand(input))
    return containerInstance!.containerInstanceArn!
  }

  /** Starts a task on a container instance, and gives its ARN. */
  async startTask(cluster: string, taskDefinition: string, host: string): Promise<string> {
    const input = { cluster, taskDefinition, containerInstances: [host] }
    const { tasks } = await this.ecs.send(new ecs.StartTaskCommand(input))
    return tasks![0]!.taskArn!
  }

  /** Starts a task with an address of its own, and gives its ARN. */
  async runTask(
    cluster: string,
    taskDefinition: string,
    tags: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { tasks } = await this.ecs.send(
      new ecs.RunTaskCommand({
        cluster,
        taskDefinition,
        launchType: 'FARGATE',
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
        networkConfiguration: {
          awsvpcConfiguration: { subnets: [this.#subnet!], securityGroups: [this.#securityGroup!] },
        },
      }),
    )
    return tasks![0]!.taskArn!
  }

  async stopTask(cluster: string, task: string): Promise<void> {
    await this.ecs.send(new ecs.StopTaskCommand({ cluster, task }))
  }

  [Symbol.dispose](): void {
    for (const client of [this.ec2, this.ecs, this.scaling]) client.destroy()
  }
}
