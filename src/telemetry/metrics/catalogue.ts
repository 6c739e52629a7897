export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  /** One sentence, for the text format and the reference. */
  readonly help: string
  /** Name for StatsD behind its prefix; left out: not sent there. */
  readonly statsD?: string
  /** What stands for all series of a gauge where there are no labels; default: their sum. */
  readonly untagged?: 'sum' | 'least' | 'most'
  /** A name that all programs share, and that gets no prefix. */
  readonly bare?: true
}

const REQUEST = ['code', 'method', 'protocol'] as const
const TLS = ['tls_version', 'tls_cipher'] as const

/** Every metric by its name behind the prefix, in the order in which they are shown. Names of Traefik are Traefik's. */
export const METRICS = {
  config_reloads_total: counter(
    [],
    'Changes of the configuration that were worked in.',
    'config.reload.total',
  ),
  config_last_reload_success: gauge(
    [],
    'When a change was worked in last, in seconds since the epoch.',
    'config.reload.lastSuccessTimestamp',
  ),
  configuration_problems: gauge(
    ['severity', 'code'],
    'Problems that are listed now: what is not served as written.',
    'configuration.problems',
  ),
  open_connections: gauge(
    ['entrypoint', 'protocol'],
    'Client connections that are open.',
    'open.connections',
  ),
  accepted_connections_total: counter(
    [],
    'Client connections that were accepted.',
    'accepted.connections.total',
  ),
  tls_certs_not_after: gauge(
    ['cn', 'serial', 'sans'],
    'When certificates expire, in seconds since the epoch.',
    'tls.certs.notAfterTimestamp',
    'least',
  ),
  ...requests('entrypoint', ['entrypoint'], 'on an entry point'),
  ...requests('router', ['router', 'service'], 'by a router'),
  ...requests('service', ['service'], 'by a service'),
  service_retries_total: counter(
    ['service'],
    'Further attempts at requests of a service.',
    'service.retries.total',
  ),
  service_retries_refused_total: counter(
    ['service'],
    'Further attempts that were not made, since the budget of retries was spent.',
    'service.retries.refused.total',
  ),
  service_queued_requests_total: counter(
    ['service'],
    'Requests that had to wait for an endpoint, since all were busy.',
    'service.queued.total',
  ),
  service_ejections_total: counter(
    ['service'],
    'Times that endpoints of a service were taken out for their failures.',
    'service.ejections.total',
  ),
  service_server_up: gauge(
    ['service', 'url'],
    'Whether an endpoint takes requests (1) or not (0).',
    'service.server.up',
  ),
  service_endpoints: gauge(
    ['service', 'state'],
    'Endpoints of a service by state: warming, ready, unhealthy, ejected, draining.',
    'service.endpoints',
  ),
  drains_in_progress: gauge([], 'Endpoints that drain now.', 'drains.in_progress'),
  drains_longest_seconds: gauge([], 'For how long the one that began first has drained.', 'drains.longest'),
  waiting_requests: gauge([], 'Requests that wait for an endpoint now.', 'requests.waiting'),
  answers_total: counter(
    ['why'],
    'Answers that the proxy made itself, by why-code: OV were shed, QF and QT found no place in a queue.',
    'answers.total',
  ),
  middleware_failures_total: counter(
    [],
    'Errors that middlewares have thrown or reported.',
    'middleware.failures.total',
  ),
  mirrored_requests_total: counter([], 'Copies of requests that were sent to mirrors.', 'mirrored.total'),
  mirrored_requests_dropped_total: counter(
    [],
    'Copies that were not sent, since it would have been too much.',
    'mirrored.dropped.total',
  ),
  provider_up: gauge(
    ['provider'],
    'Whether all of a provider can be read (1), or its last good picture serves in part (0).',
    'provider.up',
    'least',
  ),
  provider_reads_total: counter(
    ['provider'],
    'Sound answers of the source of a provider.',
    'provider.reads.total',
  ),
  provider_errors_total: counter(
    ['provider'],
    'Times that a provider, or a part of it, could not be read.',
    'provider.errors.total',
  ),
  provider_age_seconds: gauge(
    ['provider'],
    'Time since the newest sound answer. A source that is quiet and well grows old, too.',
    'provider.age',
    'most',
  ),
  provider_last_success: gauge(
    ['provider'],
    'When that was, in seconds since the epoch.',
    'provider.lastSuccessTimestamp',
    'least',
  ),
  provider_read_duration_seconds: gauge(
    ['provider'],
    'How long the last reading of a source took; of providers that read in turns.',
    'provider.read.duration',
    'most',
  ),
  provider_instances: gauge(['provider'], 'Instances that are served.', 'provider.instances'),
  provider_unproven_instances: gauge(
    ['provider'],
    'Instances that are served though their source no longer shows them, since it has not said that they are gone.',
    'provider.instances.unproven',
  ),
  provider_held_back_instances: gauge(
    ['provider'],
    'Instances whose removal waits for a second reading that agrees.',
    'provider.instances.held_back',
  ),
  provider_held_back_total: counter(
    ['provider'],
    'Removals of instances that were ever held back so.',
    'provider.held_back.total',
  ),
  worker_up: gauge(['worker'], 'Whether a worker thread lives (1) or is being replaced (0).', 'worker.up'),
  worker_deaths_total: counter([], 'Worker threads that have died.', 'worker.deaths.total'),
  worker_event_loop_delay_seconds: histogram(
    ['worker'],
    'How late the event loop of a worker came to its ticks, ten a second.',
    'worker.event_loop_delay',
  ),
  access_log_lines_dropped_total: counter(
    [],
    'Lines of the access log that were lost, since it did not take them.',
    'access_log.dropped.total',
  ),
  access_log_errors_total: counter([], 'Writes of the access log that failed.', 'access_log.errors.total'),
  build_info: gauge(['version', 'node'], 'Always 1: the version of Tidegate and of Node.'),
  process_cpu_seconds_total: bare(counter([], 'CPU time of the process, user and system.')),
  process_resident_memory_bytes: bare(gauge([], 'Memory of the process that is resident.')),
  process_start_time_seconds: bare(gauge([], 'When the process began, in seconds since the epoch.')),
  process_open_fds: bare(gauge([], 'File descriptors that are open.')),
  process_max_fds: bare(gauge([], 'File descriptors that may be open.')),
} as const satisfies Record<string, MetricDefinition>

export type MetricName = keyof typeof METRICS

/** The metrics that entry points, routers and services have in common. */
function requests<P extends 'entrypoint' | 'router' | 'service'>(
  place: P,
  own: readonly string[],
  where: string,
): Record<`${P}_${RequestMetric}`, MetricDefinition> {
  const labels = [...REQUEST, ...own]
  const metrics: Record<RequestMetric, MetricDefinition> = {
    requests_total: counter(labels, `Requests that were answered ${where}.`, `${place}.request.total`),
    requests_tls_total: counter(
      [...TLS, ...own],
      `Those of them that came over TLS.`,
      `${place}.request.tls.total`,
    ),
    request_duration_seconds: histogram(
      labels,
      `How long requests took ${where}, to the last byte of the answer.`,
      `${place}.request.duration`,
    ),
    requests_bytes_total: counter(labels, `Bytes of their bodies.`, `${place}.requests.bytes.total`),
    responses_bytes_total: counter(
      labels,
      `Bytes of the bodies of the answers.`,
      `${place}.responses.bytes.total`,
    ),
  }
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [`${place}_${name}`, metric]),
  ) as Record<`${P}_${RequestMetric}`, MetricDefinition>
}

type RequestMetric =
  | 'requests_total'
  | 'requests_tls_total'
  | 'request_duration_seconds'
  | 'requests_bytes_total'
  | 'responses_bytes_total'

function counter(labels: readonly string[], help: string, statsD?: string): MetricDefinition {
  return { type: 'counter', labels, help, ...(statsD === undefined ? {} : { statsD }) }
}

function gauge(
  labels: readonly string[],
  help: string,
  statsD?: string,
  untagged: 'sum' | 'least' | 'most' = 'sum',
): MetricDefinition {
  return { type: 'gauge', labels, help, untagged, ...(statsD === undefined ? {} : { statsD }) }
}

function histogram(labels: readonly string[], help: string, statsD?: string): MetricDefinition {
  return { type: 'histogram', labels, help, ...(statsD === undefined ? {} : { statsD }) }
}

function bare(metric: MetricDefinition): MetricDefinition {
  return { ...metric, bare: true }
}
