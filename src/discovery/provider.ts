import type { Fields, OptionsOf, Shape } from '../config/fields.ts'
import type { Problem } from '../config/problem.ts'
import type { SourceNode } from '../config/source-tree.ts'

/** One running copy of a service, as its source tells of it. Plain, readonly, comparable by value. */
export interface Instance {
  /** Unique within the provider, and stable for the life of the instance. */
  readonly id: string
  /** The service's name as the source has it. */
  readonly name: string
  /** IP address or host name. */
  readonly address: string
  /** The first is the one that is used when nothing else is said. */
  readonly ports: readonly InstancePort[]
  /** Tags (`key=value` or plain words) or labels in the form `key=value`, as written. */
  readonly tags: readonly string[]
  readonly health: 'passing' | 'warning' | 'critical' | 'unknown'
  /** Undefined when the source has no weights. */
  readonly weight?: number
  readonly zone?: string
  /** Milliseconds since the epoch, or a number that grows likewise; newer definitions win conflicts. */
  readonly createdAt?: number
  readonly meta?: Readonly<Record<string, string>>
  /** On its way out: it gets no new requests and drains. */
  readonly terminating?: boolean
  /** The source no longer shows it, but has not proved that it is gone; milliseconds since the epoch. */
  readonly missingSince?: number
}

export interface InstancePort {
  /** Port to connect to. */
  readonly port: number
  /** Port inside the container, where the source knows both. */
  readonly containerPort?: number
}

/** The complete picture of one part of a source (a datacenter, a cluster, a file); it replaces the part's last one. */
export interface Snapshot {
  /** Which part; a source that is one whole has the part `''`. */
  readonly part?: string
  readonly instances?: readonly Instance[]
  /** Sections `http`, `tcp`, `udp`, `tls` as they were written. */
  readonly routing?: SourceNode
  /** What the provider had to leave out, and why. */
  readonly problems?: readonly Problem[]
}

/** This part could not be read now: its last good picture stays. */
export interface PartFailure {
  readonly part?: string
  readonly failure: Problem
}

/** This part has ceased to exist (a file was deleted, a datacenter was taken out of the options). */
export interface PartGone {
  readonly part: string
  readonly gone: true
}

export type Update = Snapshot | PartFailure | PartGone

export interface ProviderTools {
  /** Ends the iteration; everything the provider holds is closed when it fires. */
  readonly signal: AbortSignal
  /** The provider's name in `name@provider`, such as `consulcatalog`. */
  readonly name: string
  /** Milliseconds since the epoch; injected, so that tests can make it jump. */
  readonly now: () => number
  /** Waits; rejects with the signal's reason when the provider is cancelled. */
  readonly sleep: (milliseconds: number) => Promise<void>
  /** Numbers in [0, 1), for jitter. */
  readonly random: () => number
  /** Registers what is to be done when the operator asks for a fresh read (SIGHUP). */
  readonly onRefresh: (listener: () => void) => void
}

export interface ProviderDefinition<S extends Shape = Shape> {
  /** One sentence for the reference. */
  readonly summary: string
  /** The provider's own options; what all tag sources share (`domain`, `constraints` …) is added to them. */
  readonly options: (field: Fields) => S
  /** True when it yields instances with tags, and so takes the options that all tag sources share. */
  readonly tagged: boolean
  /** The functions of its constraint language: `Tag`/`TagRegex` or `Label`/`LabelRegex`. Default `tag`. */
  readonly constraints?: 'tag' | 'label'
  /**
   * Yields a part whenever it has changed, and its failures. It retries within itself where it knows better; when
   * it throws, the watcher starts it again with back-off and everything that it had yielded keeps serving.
   */
  create(options: OptionsOf<S>, tools: ProviderTools): AsyncIterable<Update>
}

/** Declares a provider; to be the default export of a file in `providers/`, whose name is the provider's. */
export function defineProvider<S extends Shape>(definition: ProviderDefinition<S>): ProviderDefinition<S> {
  return definition
}
