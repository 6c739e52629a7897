import { accessLogOptions } from './access-log.ts'
import type { ApiConfig } from './api.ts'
import { apiOptions } from './api.ts'
import type { EntryPointConfig } from './entry-point.ts'
import { entryPointOptions } from './entry-point.ts'
import { fields } from './fields.ts'
import type { Fields, OptionsOf, Shape, z } from './fields.ts'
import { metricsOptions } from './metrics.ts'
import { serversTransportOptions } from './servers-transport.ts'

export type { EntryPointConfig } from './entry-point.ts'
export type { ListenAddress } from './listen-address.ts'

/** The options of every provider that there is, by its name in configuration (`consulCatalog`). */
export type ProviderShapes = ReadonlyMap<string, (field: Fields) => Shape>

/** Everything that is decided once, at start. */
export interface StaticConfig extends Omit<StaticOptions, 'api' | 'entryPoints' | 'providers' | 'workers'> {
  /** Undefined: off. */
  readonly api: ApiConfig | undefined
  /** By name; never empty. */
  readonly entryPoints: ReadonlyMap<string, EntryPointConfig>
  readonly providers: {
    /** Milliseconds for which additions are gathered before they are served. */
    readonly providersThrottleDuration: number
    /** Names of providers; of two definitions that conflict, the one of the earlier provider wins. */
    readonly precedence: readonly string[]
    /** Where the last good picture is kept for the next start; undefined: nowhere. */
    readonly snapshot: { readonly path: string; readonly maxAge: number } | undefined
    /** Options of the configured providers by their name in configuration, validated by their own shapes. */
    readonly sources: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  }
  readonly workers: number
}

/** Providers that are known by name and that a later version brings. */
const PENDING_PROVIDERS = ['consul', 'ec2', 'ecs', 'etcd', 'http', 'nomad', 'redis', 'zooKeeper']

/** The schema of the static configuration, with the providers that there are. */
export function staticSchema(providers: ProviderShapes): z.ZodType<StaticOptions> {
  const shape = { ...staticOptions(fields), providers: providersSection(fields, providers) }
  return fields.section('Static configuration.', shape) as unknown as z.ZodType<StaticOptions>
}

export type StaticOptions = OptionsOf<ReturnType<typeof staticOptions>>

function staticOptions(field: Fields) {
  return {
    entryPoints: field
      .record('Where it listens, by name.', field.section('One entry point.', entryPointOptions(field)))
      .default({}),
    providers: providersSection(field, new Map()),
    log: logSection(field),
    accessLog: accessLogSection(field),
    metrics: field
      .section('What is counted, and who is told of it; off when left out.', metricsOptions(field))
      .optional(),
    ping: pingSection(field),
    workers: field
      .integer('Threads that serve requests; default: the number of CPUs.', { min: 1, max: 512 })
      .optional(),
    overload: overloadSection(field),
    plugins: field
      .record(
        'Private plug-ins by name: middlewares of your own, each a module on this machine.',
        field.section('One plug-in.', {
          path: field.file('Its module, in JavaScript or TypeScript, from the working directory on.'),
        }),
      )
      .default({}),
    api: field
      .section(
        'The admin API: what the running process says of itself. Off when left out.',
        apiOptions(field),
      )
      .optional(),
    serversTransport: field
      .section(
        'How endpoints are connected to whose service names no other way.',
        serversTransportOptions(field),
      )
      .optional(),
    zone: field
      .string(
        'The availability zone that it runs in, as instances name theirs: endpoints of this zone are asked first while enough of them are ready. Default: zones make no difference.',
      )
      .optional(),
    global: field
      .section('Kept for compatibility: nothing is ever sent anywhere.', {
        checkNewVersion: field.boolean('Without effect.').optional(),
        sendAnonymousUsage: field.boolean('Without effect.').optional(),
      })
      .optional(),
    experiments: field
      .section(
        'Safeguards that can be switched off, to show what they are good for. Not for use in earnest.',
        {
          retries: field.boolean('Sends failed requests again where that is safe.').default(true),
          draining: field.boolean('Lets requests of endpoints that leave finish.').default(true),
          proofs: field
            .boolean('Keeps instances that a source no longer shows until their absence is proved.')
            .default(true),
        },
      )
      .prefault({}),
    ...pendingSections(field),
  }
}

function overloadSection(field: Fields) {
  return field
    .section(
      'When there is too much to do, new requests are answered 503 with `Retry-After` at once, so that the others are served in time.',
      {
        maxInFlight: field
          .integer(
            'Requests under way at once, divided among the workers; default: 10,000 for each of them; 0: any number.',
            { min: 0, max: 10_000_000 },
          )
          .optional(),
        maxEventLoopDelay: field
          .duration(
            'How late a worker may be, time and again, with what it has to do; 0: as late as it gets.',
          )
          .prefault('500ms'),
      },
    )
    .prefault({})
}

function providersSection(field: Fields, providers: ProviderShapes) {
  const pending = PENDING_PROVIDERS.map((name) => [name, field.pending(`the provider ${name}`)] as const)
  const known = [...providers].map(
    ([name, shape]) => [name, field.section(`The provider ${name}.`, shape(field)).optional()] as const,
  )
  return field
    .section('Where services are found.', {
      providersThrottleDuration: field
        .duration('For how long additions are gathered; removals are served at once.')
        .prefault('100ms'),
      precedence: field
        .list(
          'Of routers of equal priority, the one of the earlier provider wins.',
          field.string('Name of a provider.'),
        )
        .default([]),
      snapshot: field
        .section(
          'Keeps on disk what all sources but files were last known to show, so that a start while they are down serves at once. Secrets are left out.',
          {
            path: field.file('The file; it is readable by its owner alone, and replaced as a whole.'),
            maxAge: field
              .duration('What its source vouched for longer ago is not served.', { min: 60_000 })
              .prefault('24h'),
          },
        )
        .optional(),
      ...(Object.fromEntries([...pending, ...known]) as Readonly<Record<never, z.ZodType>>),
    })
    .prefault({})
}

function logSection(field: Fields) {
  return field
    .section('The log.', {
      level: field
        .choice('The least that is logged.', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic'])
        .default('info'),
      format: field
        .choice('`common` is for people, `json` for machines; default: by whether a terminal reads it.', [
          'common',
          'json',
        ])
        .optional(),
      filePath: field.file('The file that it goes to; default: standard output.').optional(),
      noColor: field.boolean('Never colours it.').default(false),
      maxSize: field.pending('log rotation'),
      maxAge: field.pending('log rotation'),
      maxBackups: field.pending('log rotation'),
      compress: field.pending('log rotation'),
      otlp: field.pending('logs through OpenTelemetry'),
    })
    .prefault({})
}

function accessLogSection(field: Fields) {
  return field.section('One line per request; off when left out.', accessLogOptions(field)).optional()
}

function pingSection(field: Fields) {
  return field
    .section('Answers 200 on `/ping` while it serves; off when left out.', {
      entryPoint: field.string('The entry point that answers.').default('traefik'),
      manualRouting: field
        .boolean('Leaves `/ping` to routers that name the service `ping@internal`.')
        .default(false),
      terminatingStatusCode: field
        .integer('The answer during a graceful stop.', { min: 100, max: 599 })
        .default(503),
    })
    .optional()
}

function pendingSections(field: Fields) {
  return {
    tracing: field.pending('tracing'),
    certificatesResolvers: field.pending('certificates by ACME'),
    experimental: field.pending('experimental features'),
    tcpServersTransport: field.pending('TCP routing'),
    hostResolver: field.pending('the host resolver'),
    spiffe: field.pending('SPIFFE'),
    ocsp: field.pending('OCSP stapling'),
    core: field.pending('the choice of a rule syntax'),
  }
}
