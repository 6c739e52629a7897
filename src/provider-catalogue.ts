import type { Fields, Shape } from './config/fields.ts'
import type { ProviderShapes } from './config/static.ts'
import { discover } from './discover.ts'
import { tagSourceOptions } from './discovery/options.ts'
import type { ProviderDefinition } from './discovery/provider.ts'

const FOLDER = new URL('../providers/', import.meta.url)

export type ProviderDefinitions = ReadonlyMap<string, ProviderDefinition>

/** The providers that there are, by their name in configuration (`consulCatalog`). */
export function allProviders(): Promise<ProviderDefinitions> {
  return discover<ProviderDefinition>(FOLDER)
}

/** All options of each provider: its own, and those that all sources of tagged instances share. */
export function providerShapes(definitions: ProviderDefinitions): ProviderShapes {
  return new Map(
    [...definitions].map(([name, { options, tagged }]) => {
      const shape = (field: Fields): Shape => ({
        ...(tagged ? tagSourceOptions(field) : {}),
        ...options(field),
      })
      return [name, shape]
    }),
  )
}
