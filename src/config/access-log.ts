import type { Fields } from './fields.ts'

/** The fields of a JSON line by name, in their order, and what each tells. */
export const ACCESS_FIELDS = {
  StartUTC: 'When the request came, in UTC (RFC 3339).',
  StartLocal: 'The same in local time.',
  Duration: 'Nanoseconds from the request to the last byte of its answer.',
  RouterName: 'The router that took it.',
  ServiceName: 'The service that the router leads to.',
  ServiceURL: 'URL of the endpoint that answered last.',
  ServiceAddr: 'Its host and port.',
  ClientAddr: 'Address and port of the client.',
  ClientHost: 'Address of the client.',
  ClientPort: 'Port of the client.',
  ClientUsername: 'User that an authentication middleware found, or `-`.',
  RequestAddr: 'Host as the client named it, with its port where it named one.',
  RequestHost: 'The same without the port.',
  RequestPort: 'That port, or `-`.',
  RequestMethod: 'Method.',
  RequestPath: 'Path and query as the client sent them.',
  RequestProtocol: 'Such as `HTTP/1.1`.',
  RequestScheme: '`http` or `https`.',
  RequestContentSize: 'Bytes of the body of the request.',
  OriginDuration: 'Nanoseconds that the endpoint took; missing when the proxy answered.',
  OriginContentSize: 'Bytes of the body that the endpoint answered; likewise.',
  OriginStatus: 'Status that the endpoint answered; likewise.',
  DownstreamStatus: 'Status that the client got; 499 when it left before.',
  DownstreamContentSize: 'Bytes of the body that the client got.',
  RequestCount: 'Which request of the process it was, counted from 1.',
  Overhead: 'Nanoseconds that the proxy took for itself.',
  RetryAttempts: 'Attempts after the first.',
  TLSVersion: 'Such as `1.3`; missing on plain connections.',
  TLSCipher: 'Cipher suite by its IANA name; likewise.',
  entryPointName: 'The entry point that took it.',
  Why: '[Why-code](why-codes.md) of an answer that the proxy made itself, or of how the exchange broke off.',
} as const satisfies Record<string, string>
export type AccessField = keyof typeof ACCESS_FIELDS

const MODES = ['keep', 'drop', 'redact'] as const

/** One line per request. */
export const accessLogOptions = (field: Fields) => ({
  filePath: field.file('The file that it goes to; default: standard output.').optional(),
  format: field.choice('Form of the lines.', ['common', 'genericCLF', 'json']).default('common'),
  bufferingSize: field
    .integer('Lines that are kept before they are written, for a second at most.', { min: 0, max: 1_000_000 })
    .default(0),
  addInternals: field.boolean('Logs requests to `/ping` and the like, too.').default(false),
  filters: field
    .section('Logs only requests that one of these wants; without any, all.', {
      statusCodes: field.list('Statuses of answers.', field.string('`404`, or `500-599`.')).default([]),
      retryAttempts: field.boolean('Requests that were tried more than once.').default(false),
      minDuration: field.duration('Requests that took longer; 0: no such filter.').prefault('0s'),
    })
    .prefault({}),
  fields: field
    .section('What lines show; all but the query: of lines in JSON.', {
      defaultMode: field
        .choice('What is done with fields that `names` does not name.', MODES)
        .default('keep'),
      names: field
        .record('By [name of a field](access-log.md).', field.choice('What is done with it.', MODES))
        .default({}),
      headers: field
        .section('Header fields of the request and the answer.', {
          defaultMode: field
            .choice('What is done with those that `names` does not name.', MODES)
            .default('drop'),
          names: field.record('By name.', field.choice('What is done with it.', MODES)).default({}),
        })
        .prefault({}),
      queryParameters: field
        .section('Parameters in the query of a path.', {
          defaultMode: field.choice('`redact` keeps their names, `drop` nothing.', MODES).default('keep'),
        })
        .prefault({}),
    })
    .prefault({}),
  dualOutput: field.pending('a second output of the access log'),
  otlp: field.pending('the access log through OpenTelemetry'),
})
