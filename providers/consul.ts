import { defineProvider } from '../src/discovery/provider.ts'
import { tlsOption } from './parts/tls-files.ts'

export default defineProvider({
  summary: "Routing that stands under keys of Consul's KV store.",
  tagged: false,
  options: (field) => ({
    rootKey: field
      .string(
        'The key that all others stand below. Default: `tidegate`, or `traefik` when only that is there.',
      )
      .optional(),
    endpoints: field
      .list('Agents, tried in turn.', field.string('`host:port` or an address with `https://`.'))
      .default(['127.0.0.1:8500']),
    token: field
      .secret(
        'ACL token; it needs to read the keys below the root. Default: the variable `CONSUL_HTTP_TOKEN`.',
      )
      .optional(),
    tls: tlsOption(field),
    namespaces: field.pending('namespaces of Consul Enterprise'),
  }),
  async *create(options, tools) {
    // Only when it is configured: the client and HTTP itself cost 15 MiB, and every start reads this file.
    const { watchKeys } = await import('./consul/watch-keys.ts')
    yield* watchKeys(options, tools)
  },
})
