import type { Problem } from '../../src/config/problem.ts'
import type { Instance } from '../../src/discovery/provider.ts'
import { Caller } from '../aws/caller.ts'
import type { Machine, MachineFilter } from '../aws/machines.ts'
import { Machines } from '../aws/machines.ts'
import { pollForever } from '../aws/poll.ts'
import type { RegionTools } from '../aws/read-regions.ts'
import { Reading } from '../aws/reading.ts'
import { Roster } from '../aws/roster.ts'
import { LifeCycles } from './life-cycles.ts'
import type { AddressType, LifeCycle } from './machine-instance.ts'
import { addressOf, GROUP_TAG, instanceOf, stateOf } from './machine-instance.ts'

export interface RegionOptions extends RegionTools {
  readonly filters: readonly MachineFilter[]
  readonly addressType: AddressType
  readonly lifecycleStates: boolean
  readonly refreshSeconds: number
  readonly watch: boolean
}

/** Named in one problem; the rest is counted. */
const MOST_NAMED = 5

/** Keeps the picture of the machines of one region that meet the filters. */
export class RegionReader implements Disposable {
  readonly #options: RegionOptions
  readonly #machines: Machines
  readonly #lifeCycles: LifeCycles
  readonly #roster = new Roster<Machine>()

  constructor(options: RegionOptions) {
    this.#options = options
    const caller = new Caller(options.tools)
    this.#machines = new Machines(options.settings, caller)
    this.#lifeCycles = new LifeCycles(options.settings, caller)
  }

  /** Works until the signal fires, and then rejects with its reason. */
  async run(): Promise<never> {
    const { refreshSeconds, watch, tools, publish, toProblem } = this.#options
    const part = this.#part
    return await pollForever({
      refreshSeconds,
      watch,
      tools,
      read: () => this.#read(),
      onFailure: (error) => publish({ part, failure: toProblem(error) }),
    })
  }

  [Symbol.dispose](): void {
    this.#machines[Symbol.dispose]()
    this.#lifeCycles[Symbol.dispose]()
  }

  get #part(): string {
    return this.#options.settings.region
  }

  async #read(): Promise<void> {
    const { publish, toProblem, filters } = this.#options
    const reading = new Reading(toProblem)
    const found = await this.#machines.select(filters, 'all machines')
    await this.#lookAtCycles(found, reading)
    for (const machine of found) this.#takeOver(machine)
    const seen = new Set(found.map(({ id }) => id))
    for (const id of await this.#askForUnlisted(seen, reading)) seen.add(id)
    const addressless = this.#settle()
    publish({
      part: this.#part,
      instances: this.#roster.instances((id) => seen.has(id)),
      missing: 'unproven',
      released: this.#roster.released(),
      problems: [...reading.problems, ...this.#withoutAddress(addressless)],
    })
  }

  async #lookAtCycles(machines: readonly Machine[], reading: Reading): Promise<void> {
    if (!this.#options.lifecycleStates) return
    const running = machines.filter(
      (machine) => inGroup(machine) && stateOf(machine, undefined) === 'running',
    )
    await this.#lifeCycles.look(running.map(({ id }) => id)).catch((error: unknown) => reading.failed(error))
  }

  #takeOver(machine: Machine): void {
    // While nobody has said whether its group has it in service, a machine is not begun to be served.
    if (this.#needsCycle(machine) && !this.#cycleOf(machine) && !this.#roster.knows(machine.id)) return
    const state = stateOf(machine, this.#cycleOf(machine))
    if (state === 'gone') this.#roster.release(machine.id)
    else if (state === 'running' || this.#roster.knows(machine.id)) this.#roster.describe(machine.id, machine)
  }

  /**
   * A machine that no longer meets the filters is asked for by its id: that it has ended, or runs and does not meet
   * them, is proof; that EC2 does not know it is none, since it knows machines for an hour after they have ended.
   */
  async #askForUnlisted(listed: ReadonlySet<string>, reading: Reading): Promise<string[]> {
    const unlisted = this.#roster.keys.filter((id) => !listed.has(id))
    if (unlisted.length === 0) return []
    try {
      const found = await this.#machines.byId(unlisted)
      const leaving = found.filter((machine) => stateOf(machine, undefined) === 'leaving')
      for (const machine of found) {
        if (leaving.includes(machine)) this.#roster.describe(machine.id, machine)
        else this.#roster.release(machine.id)
      }
      return leaving.map(({ id }) => id)
    } catch (error) {
      reading.failed(error)
      return []
    }
  }

  /** Gives the ids of machines without an address of the wanted kind. */
  #settle(): string[] {
    const addressless: string[] = []
    for (const [id, machine] of this.#roster.present) {
      const [before] = this.#roster.instancesOf(id)
      // A machine that is being shut down may show none any more.
      const address = addressOf(machine, this.#options.addressType) ?? before?.address
      if (address === undefined) addressless.push(id)
      else this.#roster.settle(id, [this.#instanceOf(machine, address, before)])
    }
    return addressless
  }

  /** One whose life cycle cannot be read is as it was. */
  #instanceOf(machine: Machine, address: string, before: Instance | undefined): Instance {
    const cycle = this.#cycleOf(machine)
    const instance = instanceOf(machine, address, cycle)
    if (!this.#needsCycle(machine) || cycle || !before) return instance
    return { ...instance, health: before.health, ...(before.terminating ? { terminating: true } : {}) }
  }

  #needsCycle(machine: Machine): boolean {
    return this.#options.lifecycleStates && inGroup(machine)
  }

  #cycleOf(machine: Machine): LifeCycle | undefined {
    return this.#needsCycle(machine) ? this.#lifeCycles.get(machine.id) : undefined
  }

  #withoutAddress(ids: readonly string[]): Problem[] {
    if (ids.length === 0) return []
    const { addressType, tools } = this.#options
    const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : ''
    return [
      {
        code: 'E304',
        severity: 'error',
        message: `machines are left out that have no ${addressType} address: ${ids.slice(0, MOST_NAMED).join(', ')}${more}`,
        remedy: 'set addressType to private, public or ipv6',
        origin: { source: tools.name, key: 'addressType' },
      },
    ]
  }
}

function inGroup({ tags }: Machine): boolean {
  return tags.has(GROUP_TAG)
}
