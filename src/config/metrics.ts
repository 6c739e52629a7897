import type { Fields } from './fields.ts'

/** Bounds beyond this many help nobody, and cost memory for each series. */
export const MOST_BUCKETS = 50
/** Name of a label in Prometheus. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Labels that `entrypoint_requests_total` has in any case. */
export const METRIC_LABELS = ['code', 'method', 'protocol', 'entrypoint'] as const

/** What is counted, and who is told of it. */
export const metricsOptions = (field: Fields) => ({
  addInternals: field.boolean('Counts requests to `/ping` and the like, too.').default(false),
  prometheus: field
    .section('Answers `/metrics` in the text format of Prometheus; off when left out.', {
      entryPoint: field.string('The entry point that answers.').default('traefik'),
      manualRouting: field
        .boolean('Leaves `/metrics` to routers that name the service `prometheus@internal`.')
        .default(false),
      prefix: field
        .choice(
          'What names begin with: with `traefik`, boards that were made for Traefik work as they are.',
          ['tidegate', 'traefik'],
        )
        .default('tidegate'),
      buckets: field
        .list(
          'Upper bounds of the buckets of durations, in seconds and growing.',
          field.number('Seconds.', { min: 0.000_001 }),
        )
        .default([0.1, 0.3, 1.2, 5]),
      headerLabels: field
        .record(
          'Further labels of `entrypoint_requests_total`: the name of each and the request header whose value it has. After a hundred combinations of values, all further ones are `other`.',
          field.string('Name of a request header.'),
        )
        .default({}),
      ...places(field),
    })
    .optional(),
  statsD: field
    .section('Sends to StatsD; off when left out.', {
      address: field
        .string('`host:port` of the daemon, which is spoken to by UDP.')
        .default('localhost:8125'),
      prefix: field.string('What names begin with.').default('tidegate'),
      ...push(field),
      ...places(field),
    })
    .optional(),
  datadog: field
    .section('Sends to the agent of Datadog, with tags; off when left out.', {
      address: field
        .string(
          '`host:port`; default: the variables `DD_AGENT_HOST` and `DD_DOGSTATSD_PORT`, else `localhost:8125`.',
        )
        .optional(),
      prefix: field.string('What names begin with.').default('tidegate'),
      ...push(field),
      ...places(field),
    })
    .optional(),
  influxDB2: field.pending('metrics for InfluxDB'),
  otlp: field.pending('metrics through OpenTelemetry'),
})

function push(field: Fields) {
  return {
    pushInterval: field.duration('How often it is told what has changed.', { min: 100 }).prefault('10s'),
  }
}

function places(field: Fields) {
  return {
    addEntryPointsLabels: field.boolean('Counts the requests of each entry point.').default(true),
    addRoutersLabels: field.boolean('Counts the requests of each router.').default(false),
    addServicesLabels: field.boolean('Counts the requests of each service.').default(true),
  }
}
