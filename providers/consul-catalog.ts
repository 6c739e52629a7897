import { defineProvider } from '../src/discovery/provider.ts'
import { consulOptions } from './consul/options.ts'

export default defineProvider({
  summary: 'Services that are registered in Consul, from the catalog with its health checks.',
  tagged: true,
  constraints: 'tag',
  options: consulOptions,
  async *create(options, tools) {
    // Only when it is configured: the client and HTTP itself cost 15 MiB, and every start reads this file.
    const { watchCatalog } = await import('./consul/watch-catalog.ts')
    yield* watchCatalog(options, tools)
  },
})
