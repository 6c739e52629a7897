import type { Problem } from '../config/problem.ts'
import { createFragmentMaker } from './fragment.ts'
import type { FragmentMaker } from './fragment.ts'
import type { TagSourceOptions } from './options.ts'
import type { Instance } from './provider.ts'
import type { Fragment } from './routing-config.ts'
import type { Source } from './source.ts'
import type { ProviderPicture } from './source-state.ts'

/** What must be known of a provider to read its instances' tags. */
export interface TaggedProvider {
  /** As in `name@provider`. */
  readonly name: string
  readonly constraints: 'tag' | 'label'
  /** Undefined for a provider that yields no instances. */
  readonly options: TagSourceOptions | undefined
}

/** Turns the pictures of providers into sources for the merge. An instance that has not changed is not read again. */
export class SourceBuilder {
  readonly #makers = new Map<string, { options: TagSourceOptions; maker: FragmentMaker }>()
  readonly #fragments = new WeakMap<Instance, Fragment | null>()

  constructor(providers: readonly TaggedProvider[]) {
    for (const { name, constraints, options } of providers) {
      if (options)
        this.#makers.set(name, { options, maker: createFragmentMaker(options, { name, constraints }) })
    }
  }

  /** What is wrong with the providers' own options: templates, patterns, constraints. */
  get problems(): readonly Problem[] {
    return [...this.#makers.values()].flatMap(({ maker }) => maker.problems)
  }

  source({ name, parts }: ProviderPicture): Source {
    const made = this.#makers.get(name)
    const snapshots = [...parts]
    return {
      provider: name,
      ...(made ? { options: made.options } : {}),
      fragments: made
        ? snapshots.flatMap(([, { instances = [] }]) =>
            instances.flatMap((one) => this.#fragment(one, made.maker) ?? []),
          )
        : [],
      routing: snapshots.flatMap(([part, { routing }]) => (routing ? [{ part, node: routing }] : [])),
    }
  }

  #fragment(instance: Instance, maker: FragmentMaker): Fragment | null {
    const known = this.#fragments.get(instance)
    if (known !== undefined) return known
    const fragment = maker(instance) ?? null
    this.#fragments.set(instance, fragment)
    return fragment
  }
}
