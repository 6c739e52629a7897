import { defineProvider } from '../src/discovery/provider.ts'
import { tlsOption } from './parts/tls-files.ts'

export default defineProvider({
  summary: 'Routing that stands under keys of etcd, 3.4 or later.',
  tagged: false,
  options: (field) => ({
    rootKey: field
      .string(
        'The key that all others stand below. Default: `tidegate`, or `traefik` when only that is there.',
      )
      .optional(),
    endpoints: field
      .list(
        'Members of the cluster, tried in turn.',
        field.string('`host:port` or an address with `https://`.'),
      )
      .default(['127.0.0.1:2379']),
    username: field
      .string('User, where etcd wants one; it needs to read the keys below the root.')
      .optional(),
    password: field.secret('Password of the user.').optional(),
    tls: tlsOption(field),
  }),
  async *create(options, tools) {
    // Only when it is configured: undici costs megabytes, and every start reads this file.
    const { watchEtcd } = await import('./etcd/watch-etcd.ts')
    yield* watchEtcd(options, tools)
  },
})
