import type { Fields, OptionsOf } from '../../src/config/fields.ts'
import { tlsOption } from '../parts/tls-files.ts'

/** The options of `redis`. */
export const redisOptions = (field: Fields) => ({
  rootKey: field
    .string(
      'The beginning of the keys that hold the routing. Default: `tidegate`, and `traefik` when only that is there.',
    )
    .optional(),
  endpoints: field
    .list(
      'Servers, or with `sentinel` the sentinels, `host:port`; the next is tried when one fails.',
      field.string('One server; without a port it is 6379, and 26379 with `sentinel`.'),
    )
    .default(['127.0.0.1:6379']),
  username: field.string('User of the access list. Default: the user `default`.').optional(),
  password: field.secret('Password of that user.').optional(),
  db: field.integer('Number of the database.', { min: 0 }).default(0),
  pollInterval: field
    .duration(
      'Time between two readings where the server tells of no changes (`notify-keyspace-events`); longer when one reading takes more than a tenth of it.',
      { min: 100 },
    )
    .prefault('5s'),
  tls: tlsOption(field),
  sentinel: field
    .section('Finds the server by sentinels, which are then the `endpoints`.', {
      masterName: field.string('Name of the group of servers, as the sentinels have it.'),
      username: field.string('User at the sentinels.').optional(),
      password: field.secret('Password at the sentinels.').optional(),
      latencyStrategy: field.boolean('Reads from the server that answers first.').default(false),
      randomStrategy: field.boolean('Reads from any server.').default(false),
      replicaStrategy: field.boolean('Reads from a replica, while there is one.').default(false),
      useDisconnectedReplicas: field
        .boolean('Takes replicas that have lost their master, when there are no others.')
        .default(false),
    })
    .optional(),
})

export type RedisOptions = OptionsOf<ReturnType<typeof redisOptions>>
