import type { TaskDefinition } from '@aws-sdk/client-ecs'
import type { EcsApi } from './api.ts'

/** Definitions that are remembered, the ones used last; some kilobytes each. */
const MOST = 1_000

/** Task definitions by their ARN, which names one revision for ever: what was read once is never asked for again. */
export class TaskDefinitions {
  readonly #api: Pick<EcsApi, 'describeTaskDefinition'>
  readonly #most: number
  /** In the order of their last use. */
  readonly #known = new Map<string, Promise<TaskDefinition>>()

  constructor(api: Pick<EcsApi, 'describeTaskDefinition'>, most = MOST) {
    this.#api = api
    this.#most = most
  }

  /** Whoever asks while it is read waits for the same call. @throws CallError */
  get(arn: string): Promise<TaskDefinition> {
    const known = this.#known.get(arn) ?? this.#read(arn)
    this.#known.delete(arn)
    this.#known.set(arn, known)
    if (this.#known.size > this.#most) this.#known.delete(this.#known.keys().next().value!)
    return known
  }

  #read(arn: string): Promise<TaskDefinition> {
    const read = this.#api.describeTaskDefinition(arn).then((definition) => {
      if (!definition) throw new SyntaxError(`the answer about ${arn} holds no task definition`)
      return definition
    })
    const forget = (): void => {
      if (this.#known.get(arn) === read) this.#known.delete(arn)
    }
    read.catch(forget)
    return read
  }
}
