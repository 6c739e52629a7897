import { UNPROVEN_LIMIT } from '../../src/discovery/provider.ts'
import type { Instance } from '../../src/discovery/provider.ts'

/** An instance as a sound answer showed it. */
export interface Sighting {
  readonly instance: Instance
  readonly node: string
  /** Has checks of its own, so that the list of checks tells when it comes and goes. */
  readonly checked: boolean
}

interface Tracked extends Sighting {
  /** The epoch in which it was last shown. */
  readonly epoch: number
  /** When it was missing first, on the clock that never jumps; undefined while it is shown. */
  readonly missingSince?: number
}

/**
 * Who is there, by service. An instance leaves when it is missing from a proof of the same epoch in which it was
 * last shown. An epoch ends when the servers turn out to have lost data, or may have: what they do not show then,
 * they may have forgotten; it stays, marked as missing, until it is shown again or its time is over.
 */
export class Presence {
  readonly #services = new Map<string, Map<string, Tracked>>()
  #epoch = 0
  #revision = 0

  /** Grows with every change of what `instances` gives. */
  get revision(): number {
    return this.#revision
  }

  get serviceNames(): string[] {
    return [...this.#services.keys()]
  }

  get missing(): number {
    return this.#all().filter(({ missingSince }) => missingSince !== undefined).length
  }

  startEpoch(): void {
    this.#epoch++
  }

  /** Takes over one answer about one service. `proof` says whether who is missing from it may be gone. */
  settle(name: string, shown: readonly Sighting[], proof: boolean, now: number): void {
    const before = this.#services.get(name) ?? new Map<string, Tracked>()
    const after = new Map(
      shown.map((sighting) => [sighting.instance.id, { ...sighting, epoch: this.#epoch }]),
    )
    for (const [id, tracked] of before) {
      const gone = after.has(id) || (proof && tracked.epoch === this.#epoch)
      if (!gone) after.set(id, missing(tracked, now))
    }
    this.#replace(name, before, after)
  }

  /** Forgets who has been missing for so long that nobody serves it any more. */
  expire(now: number): void {
    for (const [name, before] of this.#services) {
      const staying = [...before].filter(
        ([, { missingSince = Infinity }]) => now - missingSince < UNPROVEN_LIMIT,
      )
      if (staying.length < before.size) this.#replace(name, before, new Map(staying))
    }
  }

  /** Everyone, in an order that does not depend on the order of answers. */
  instances(): Instance[] {
    return this.#all()
      .map(({ instance }) => instance)
      .toSorted((a, b) => compare(a.name, b.name) || compare(a.id, b.id))
  }

  /** Services with an instance on one of these nodes. */
  servicesOn(nodes: readonly string[]): string[] {
    const wanted = new Set(nodes)
    return this.#namesWhere(({ node }) => wanted.has(node))
  }

  /** Services with an instance that has no check of its own. */
  uncheckedServices(): string[] {
    return this.#namesWhere(({ checked }) => !checked)
  }

  #namesWhere(test: (tracked: Tracked) => boolean): string[] {
    return [...this.#services].filter(([, all]) => all.values().some(test)).map(([name]) => name)
  }

  #all(): Tracked[] {
    return [...this.#services.values()].flatMap((instances) => [...instances.values()])
  }

  #replace(name: string, before: ReadonlyMap<string, Tracked>, after: Map<string, Tracked>): void {
    if (after.size === 0) this.#services.delete(name)
    else this.#services.set(name, after)
    if (fingerprint(before) !== fingerprint(after)) this.#revision++
  }
}

function missing(tracked: Tracked, now: number): Tracked {
  if (tracked.missingSince !== undefined) return tracked
  return { ...tracked, missingSince: now, instance: { ...tracked.instance, unproven: true } }
}

function fingerprint(instances: ReadonlyMap<string, Tracked>): string {
  return JSON.stringify(
    [...instances.values()].map(({ instance }) => instance).toSorted((a, b) => compare(a.id, b.id)),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
