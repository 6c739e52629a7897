import type { Fields, OptionsOf, Shape } from '../config/fields.ts'
import type { Problem } from '../config/problem.ts'
import type { SourceNode } from '../config/source-tree.ts'

/** For how long instances serve whose absence is not proved; milliseconds (DESIGN §3). */
export const UNPROVEN_LIMIT = 10 * 60_000

/** One running copy of a service, as its source tells of it. Plain, readonly, comparable by value. */
export interface Instance {
  /** Unique within the provider, and stable for the life of the instance. */
  readonly id: string
  /** The service's name as the source has it. */
  readonly name: string
  /** The application's name in default hosts, where the source has another for it than `name`. */
  readonly app?: string
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
  /** None runs, and none is meant to: what its tags define is kept, and answers 503 while there is no other. */
  readonly vacant?: true
  /**
   * The source no longer shows it, but has not said that it is gone. Set by a provider that knows this by itself, or
   * by the watcher (`Snapshot.missing`). Such an instance serves while connections to it succeed, ten minutes at
   * most, and leaves at once when another instance has its address. Whoever sets it counts no time.
   */
  readonly unproven?: true
}

export interface InstancePort {
  /** Port to connect to. */
  readonly port: number
  /** Port inside the container, where the source knows both. */
  readonly containerPort?: number
}

/**
 * The picture of one part of a source (a datacenter, a cluster, a file); it replaces the part's last one. An instance
 * leaves when it is not in it, unless one of `missing` and `unread` says that this proves nothing.
 */
export interface Snapshot {
  /** Which part; a source that is one whole has the part `''`. */
  readonly part?: string
  readonly instances?: readonly Instance[]
  /** Sections `http`, `tcp`, `udp`, `tls` as they were written. */
  readonly routing?: SourceNode
  /** What the provider had to leave out, and why. */
  readonly problems?: readonly Problem[]
  /**
   * What it means that an instance of the last picture is not in this one. `gone`, the default: the source has given
   * a sound and whole answer without it. `unproven`: a page failed, an answer was empty without a reason, a read
   * timed out; the watcher then keeps the instance as `unproven`. When nothing could be read, yield a `PartFailure`
   * instead: that keeps everything, for as long as it takes.
   */
  readonly missing?: 'gone' | 'unproven'
  /** Names of services that could not be read: what is not shown of them is unproven, whatever `missing` says. */
  readonly unread?: readonly string[]
  /**
   * Ids that the source has positively said to be gone (ECS: `DescribeTasks` says stopped). They leave, whatever
   * `missing` and `unread` say; that more than half of a service has gone is still doubted.
   */
  readonly released?: readonly string[]
  /**
   * Marks of the data that the source answers from, such as the ids of its servers. Of two pictures that share none,
   * the later one comes from a source that may have forgotten: what it does not show is unproven, whatever else is said.
   * It is kept on disk, and so tells a source that lost its data while this process was not running.
   */
  readonly catalog?: readonly string[]
  /**
   * Number of the complete reading on which this picture rests, for providers that follow changes piece by piece: it
   * grows when everything has been read anew after `onRefresh` asked for it. Left out: every snapshot is a complete
   * reading of its own, begun after the last one had ended. A second reading must confirm that most instances of a
   * service are gone.
   */
  readonly reading?: number
}

/** This part could not be read now: its last good picture stays. */
export interface PartFailure {
  readonly part?: string
  readonly failure: Problem
}

/**
 * This part has ceased to exist because the operator wants it so (a file was deleted, a datacenter was taken out of the
 * options); it is obeyed at once. What a source merely no longer lists is an empty `Snapshot`.
 */
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
  /** Milliseconds of a clock that never jumps: for intervals and limits. */
  readonly monotonic: () => number
  /**
   * Registers what is to be done when a fresh read is wanted: by the operator (SIGHUP), or by the watcher that doubts
   * that most instances of a service are gone. Everything is then read at once, without waiting for an interval, and
   * each part yielded even when it is the same as before. It may be asked for again while it is being done.
   */
  readonly onRefresh: (listener: () => void) => void
  /** Tells how many milliseconds a whole reading of the source has taken, for the metrics; for providers that read in turns. */
  readonly readTook?: (milliseconds: number) => void
}

export interface ProviderDefinition<S extends Shape = Shape> {
  /** One sentence for the reference. */
  readonly summary: string
  /** The provider's own options; what all tag sources share (`domain`, `constraints` …) is added to them. */
  readonly options: (field: Fields) => S
  /** True when it yields instances with tags, and so takes the options that all tag sources share. */
  readonly tagged: boolean
  /**
   * True when whoever changes the source means it (files): even that most instances leave is then obeyed at once.
   * Default: a removal of more than half of a service's or part's instances, and more than three, waits for a second
   * reading that agrees.
   */
  readonly trusted?: boolean
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
