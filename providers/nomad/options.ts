import type { Fields, OptionsOf } from '../../src/config/fields.ts'
import { tlsShape } from '../parts/tls-files.ts'

/** The options of `nomad`. */
export const nomadOptions = (field: Fields) => ({
  endpoint: field
    .section('The Nomad agent that is asked, server or client.', {
      address: field
        .string('URL or `host:port`. Default: the variable `NOMAD_ADDR`, else `http://127.0.0.1:4646`.')
        .optional(),
      region: field
        .string("The region that is read. Default: the variable `NOMAD_REGION`, else the agent's own.")
        .optional(),
      token: field
        .secret(
          'ACL token with the capability `read-job` in each namespace that is read. Default: the variable `NOMAD_TOKEN`.',
        )
        .optional(),
      endpointWaitTime: field
        .duration('How long one long poll waits for a change.', { min: 1_000, max: 600_000 })
        .prefault('1m'),
      tls: field
        .section(
          'TLS to the agent, with an address that begins with `https:`. Default: the variables `NOMAD_CACERT`, `NOMAD_CLIENT_CERT`, `NOMAD_CLIENT_KEY` and `NOMAD_SKIP_VERIFY`.',
          tlsShape(field, 'the agent'),
        )
        .optional(),
    })
    .prefault({}),
  namespaces: field
    .list(
      'Namespaces that are read, each by itself; `*` stands for all that the token may read, also those that come later. Empty: the variable `NOMAD_NAMESPACE`, else `default`.',
      field.string('Name of a namespace.'),
    )
    .default([]),
  refreshInterval: field
    .duration('Time between two readings when `watch` is off.', { min: 100 })
    .prefault('15s'),
  watch: field.boolean('Waits for changes at the agent, so that they are served at once.').default(true),
  throttleDuration: field
    .duration('With `watch`: the least time between two readings of what has changed, removals included.')
    .prefault('0s'),
  stale: field
    .boolean('Lets any server answer, not the leader only; changes may be seen later.')
    .default(false),
  allowEmptyServices: field
    .boolean(
      'Keeps the routes of services whose group is scaled to zero (`count = 0` beside an enabled `scaling` block): 503 instead of 404.',
    )
    .default(false),
  healthChecks: field
    .boolean(
      "Serves allocations only while the checks of the service pass; Nomad's clients are asked for them.",
    )
    .default(true),
  checksInterval: field
    .duration(
      'Time between two questions for the checks of one allocation; while they do not pass, one second at most.',
      { min: 100 },
    )
    .prefault('5s'),
})

export type NomadOptions = OptionsOf<ReturnType<typeof nomadOptions>>
