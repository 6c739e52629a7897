import type { ClientSettings } from './access.ts'
import type { Caller } from './caller.ts'
import { kindOf } from './call-error.ts'

interface Client {
  destroy(): void
}

export interface AwsServiceOptions<Sdk, C extends Client> {
  /** As policies name it, such as `ecs`. */
  readonly name: string
  readonly load: () => Promise<Sdk>
  readonly open: (sdk: Sdk, settings: ClientSettings) => C
  readonly settings: ClientSettings
  readonly caller: Caller
}

interface Opened<Sdk, C> {
  readonly sdk: Sdk
  readonly client: C
}

/**
 * One service of AWS in one region. Its SDK, some 30 to 90 MB of memory, is loaded with the first call. A client
 * whose credentials were refused is made anew, so that new ones are found.
 */
export class AwsService<Sdk, C extends Client> implements Disposable {
  readonly #options: AwsServiceOptions<Sdk, C>
  #opened: Promise<Opened<Sdk, C>> | undefined

  constructor(options: AwsServiceOptions<Sdk, C>) {
    this.#options = options
  }

  /** @throws CallError */
  async call<T>(
    operation: string,
    resource: string,
    send: (opened: Opened<Sdk, C>, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { name, caller, settings } = this.#options
    const subject = { action: `${name}:${operation}`, resource, region: settings.region }
    return await caller.call(subject, async (abortSignal) => {
      try {
        return await send(await this.#open(), { abortSignal })
      } catch (error) {
        if (kindOf(error) === 'credentials') this[Symbol.dispose]()
        throw error
      }
    })
  }

  [Symbol.dispose](): void {
    void this.#opened?.then(({ client }) => client.destroy()).catch(() => undefined)
    this.#opened = undefined
  }

  #open(): Promise<Opened<Sdk, C>> {
    const { load, open, settings } = this.#options
    this.#opened ??= load().then((sdk) => ({ sdk, client: open(sdk, settings) }))
    return this.#opened
  }
}
