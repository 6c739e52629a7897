import type { Fields, OptionsOf } from './fields.ts'

/** Probes that the proxy sends to the endpoints of a service by itself. */
export const healthCheckOptions = (field: Fields) => ({
  mode: field
    .choice('How to ask: by an HTTP request, or by a TCP connection.', ['http', 'tcp', 'grpc'])
    .default('http'),
  path: field.string('What is asked for, beginning with `/`.').default('/'),
  scheme: field
    .choice("`http` or `https`; default: the endpoint's own.", ['http', 'https', 'h2c'])
    .optional(),
  method: field.string('The method of the request.').default('GET'),
  status: field.integer('The answer that passes; 0: any of 2xx and 3xx.', { min: 0, max: 599 }).default(0),
  port: field
    .integer("The port that is asked; default: the endpoint's own.", { min: 1, max: 65_535 })
    .optional(),
  interval: field.duration('From one probe to the next.', { min: 100 }).prefault('30s'),
  unhealthyInterval: field
    .duration('The same for an endpoint that is down; default: `interval`.', { min: 100 })
    .optional(),
  timeout: field.duration('A probe that takes longer has failed.', { min: 1 }).prefault('5s'),
  hostname: field
    .string("The Host header, and the name that TLS verifies; default: the endpoint's.")
    .optional(),
  followRedirects: field
    .boolean(
      'Follows redirects, five at most, that lead to the endpoint itself; others count by their status.',
    )
    .default(true),
  headers: field.record('Header fields of the request.', field.string('Value of the field.')).default({}),
  send: field.string('With `mode: tcp`: what is sent once the connection is there.').default(''),
  expect: field.string('With `mode: tcp`: what the answer has to begin with.').default(''),
  rise: field
    .integer('Probes that must pass in a row until an endpoint that was down gets requests.', {
      min: 1,
      max: 100,
    })
    .default(1),
  fall: field
    .integer('Probes that must fail in a row until an endpoint gets none.', { min: 1, max: 100 })
    .default(3),
  initialState: field
    .choice('Whether an endpoint that has not been probed yet gets requests.', ['unhealthy', 'healthy'])
    .default('unhealthy'),
  jitter: field
    .integer('Percent by which the time to the next probe is longer or shorter by chance.', {
      min: 0,
      max: 50,
    })
    .default(10),
})
export type HealthCheckConfig = OptionsOf<ReturnType<typeof healthCheckOptions>>

/** What the requests themselves tell of an endpoint. */
export const passiveHealthCheckOptions = (field: Fields) => ({
  failureWindow: field
    .duration('Failures within this time count, and an endpoint with too many is out for as long.', {
      min: 1,
    })
    .prefault('10s'),
  maxFailedAttempts: field
    .integer('Failures, without a success in between, that are too many.', { min: 1, max: 10_000 })
    .default(1),
  maxEjectionPercent: field
    .integer('Percent of the endpoints that may be out at a time; the last one never is. 0: none ever is.', {
      min: 0,
      max: 100,
    })
    .default(50),
})
export type PassiveHealthCheckConfig = OptionsOf<ReturnType<typeof passiveHealthCheckOptions>>

/** How requests that failed are sent again. */
export const retryOptions = (field: Fields) => ({
  attempts: field
    .integer('Further attempts after the first, on another endpoint while there is one; 0: none.', {
      min: 0,
      max: 10,
    })
    .default(2),
  perTryTimeout: field
    .duration(
      'How long an attempt may take until its response begins; then another endpoint is tried, if the request may be repeated, and otherwise the answer is 504. 0: no limit.',
    )
    .prefault('0s'),
  maxRequestBodyBytes: field
    .bytes('Largest request body that is kept, so that it can be sent again.', { min: 0, max: 16_777_216 })
    .prefault('64KiB'),
})
