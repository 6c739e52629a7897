import { defineProvider } from '../src/discovery/provider.ts'
import { nomadOptions } from './nomad/options.ts'

export default defineProvider({
  summary: "Services that are registered in Nomad's own catalog, with the checks of their allocations.",
  tagged: true,
  constraints: 'tag',
  options: nomadOptions,
  async *create(options, tools) {
    // Only when it is configured: every start reads this file.
    const { watchNomad } = await import('./nomad/watch-nomad.ts')
    yield* watchNomad(options, tools)
  },
})
