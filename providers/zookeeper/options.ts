import type { Fields, OptionsOf } from '../../src/config/fields.ts'

/** The options of `zooKeeper`. */
export const zooKeeperOptions = (field: Fields) => ({
  rootKey: field
    .string(
      'The node below which the routing stands. Default: `tidegate`, and `traefik` when only that is there.',
    )
    .optional(),
  endpoints: field
    .list(
      'Servers, `host:port`; the next is tried when one fails.',
      field.string('One server; the port is 2181 where none is given.'),
    )
    .default(['127.0.0.1:2181']),
  username: field.string('User, for nodes that not everybody may read (scheme `digest`).').optional(),
  password: field.secret('Password of that user.').optional(),
})

export type ZooKeeperOptions = OptionsOf<ReturnType<typeof zooKeeperOptions>>
