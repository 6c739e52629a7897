import type { Fields, OptionsOf } from '../../src/config/fields.ts'
import { tlsShape } from '../parts/tls-files.ts'

/** The options of `consulCatalog`. */
export const consulOptions = (field: Fields) => ({
  endpoint: field
    .section('The Consul agent that is asked.', {
      address: field
        .string('`host:port`. Default: the variable `CONSUL_HTTP_ADDR`, else `127.0.0.1:8500`.')
        .optional(),
      scheme: field
        .choice(
          'How the agent is reached. Default: what the address says, else `https` when the variable `CONSUL_HTTP_SSL` is true, else `http`.',
          ['http', 'https'],
        )
        .optional(),
      datacenter: field
        .string("The datacenter that is read when `datacenters` is empty. Default: the agent's own.")
        .optional(),
      token: field
        .secret('ACL token; it needs to read services and nodes. Default: the variable `CONSUL_HTTP_TOKEN`.')
        .optional(),
      endpointWaitTime: field
        .duration('How long one long poll waits for a change.', { min: 1_000, max: 600_000 })
        .prefault('1m'),
      httpAuth: field
        .section('Basic authentication, for a server before the agent.', {
          username: field.string('User.'),
          password: field.secret('Password.'),
        })
        .optional(),
      tls: field.section('TLS to the agent, with `scheme: https`.', tlsShape(field, 'the agent')).optional(),
    })
    .prefault({}),
  datacenters: field
    .list(
      'Datacenters that are read, each by itself. Empty: `endpoint.datacenter`.',
      field.string('Name of a datacenter.'),
    )
    .default([]),
  refreshInterval: field
    .duration('Time between two readings when `watch` is off.', { min: 100 })
    .prefault('15s'),
  watch: field.boolean('Waits for changes at the agent, so that they are served at once.').default(true),
  requireConsistent: field
    .boolean('Has the leader confirm with a quorum that it leads before each answer.')
    .default(false),
  stale: field
    .boolean('Lets any server answer, not the leader only; changes may be seen later.')
    .default(false),
  cache: field.boolean('Lets the agent answer from its cache; changes may be seen later.').default(false),
  strictChecks: field
    .list(
      'Healths with which an instance gets requests; with another it drains. `any` stands for all but maintenance.',
      field.choice('A health.', ['passing', 'warning', 'critical', 'maintenance', 'any']),
    )
    .default(['passing', 'warning']),
  connectAware: field.pending('Consul Connect'),
  connectByDefault: field.pending('Consul Connect'),
  serviceName: field.pending('Consul Connect, for which it names this router'),
  namespaces: field.pending('namespaces of Consul Enterprise'),
})

export type ConsulCatalogOptions = OptionsOf<ReturnType<typeof consulOptions>>
