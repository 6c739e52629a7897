import { table } from './tables.ts'

/** Fields of the log's lines, in JSON. A test finds those that the code writes and that are missing here. */
export const LOG_FIELDS: Readonly<Record<string, string>> = {
  level: '`debug`, `info`, `warn`, `error` or `fatal`.',
  time: 'When, in UTC (ISO 8601, milliseconds).',
  msg: 'The sentence for people. It may be worded otherwise in the next version; what programs need is in the other fields.',
  code: 'The code of the [problem](problems.md).',
  place:
    'Where the cause is: a file with line and column, a flag, a variable, a tag of an instance, or a provider.',
  provider: 'The provider, such as `consulcatalog`.',
  part: 'Which part of the provider’s source: a datacenter, a cluster, a file.',
  service: 'Full name of the service whose endpoints have changed.',
  joined: 'URLs of endpoints that are new.',
  up: 'URLs of those that may be used again, or for the first time.',
  down: 'URLs of those that are unhealthy or ejected.',
  draining: 'URLs of those that get nothing new, and finish what they have.',
  left: 'URLs of those that are gone.',
  ready: 'How many endpoints of the service are ready or warming now.',
  endpoints: 'How many the service has, in whatever state.',
  workers: 'How many workers serve.',
  routers: 'How many routers there are.',
  services: 'How many services there are.',
  acceptFor: 'Milliseconds for which a stopping process still accepts requests.',
  graceFor: 'Milliseconds that requests then have to finish.',
  by: 'Address of whoever changed something by the admin API.',
}

/** The page of the log. */
export function logSections(): string[] {
  return [
    'What the process says of itself, by [`log`](configuration.md#log): in words on a terminal, otherwise one JSON object for each line. Control characters are escaped, secrets are `***`. Lines are written by the main thread alone, whole, and before the process goes on.',
    table(
      ['Field', 'Meaning'],
      Object.entries(LOG_FIELDS).map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    'Changes of membership are told by service, in one line: what joined, came up, went down, drains and left, each with its reason. What the admin API was asked to change is told with what it was given.',
  ]
}
