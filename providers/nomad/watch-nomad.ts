import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import { unusedTls } from '../parts/unused-tls.ts'
import { UpdateQueue } from '../parts/update-queue.ts'
import { NomadClient } from './client.ts'
import { namespacesOf, openConnection } from './connection.ts'
import { NamespaceWatch } from './namespace.ts'
import type { NamespaceOptions } from './namespace.ts'
import type { NomadOptions } from './options.ts'

/** Yields the snapshots of all namespaces that are to be read, as they change. */
export async function* watchNomad(options: NomadOptions, tools: ProviderTools): AsyncGenerator<Update, void> {
  const consumer = new AbortController()
  const signal = AbortSignal.any([tools.signal, consumer.signal])
  const connection = await openConnection(options.endpoint, tools.name, signal)
  const queue = new UpdateQueue(signal)
  const listed = new Map<string, readonly string[]>()
  try {
    for (const namespace of namespacesOf(options.namespaces)) {
      const watch = openNamespace(namespace, options, { ...tools, signal }, { connection, queue, listed })
      void watch.run().catch((error: unknown) => queue.fail(error))
    }
    yield* queue
  } finally {
    consumer.abort(new Error(`${tools.name} is no longer read`))
    connection.http.destroy()
  }
}

/** What all namespaces share. */
interface Shared extends Pick<NamespaceOptions, 'connection' | 'listed'> {
  readonly queue: UpdateQueue
}

function openNamespace(
  namespace: string,
  options: NomadOptions,
  tools: ProviderTools,
  { connection, queue, listed }: Shared,
): NamespaceWatch {
  const { stale, watch, refreshInterval, throttleDuration, endpoint } = options
  return new NamespaceWatch({
    namespace,
    client: new NomadClient({ connection, namespace, stale }),
    connection,
    listed,
    tools,
    publish: (update) => queue.push(update),
    watch: watch ? { wait: endpoint.endpointWaitTime, rest: throttleDuration } : { every: refreshInterval },
    lagging: stale,
    healthChecks: options.healthChecks ? { interval: options.checksInterval } : undefined,
    allowEmptyServices: options.allowEmptyServices,
    notes: [
      ...unusedTls(endpoint, connection, tools.name, 'let endpoint.address begin with https:'),
      ...unusedThrottle(options, tools.name),
    ],
  })
}

function unusedThrottle({ watch, throttleDuration }: NomadOptions, source: string): Problem[] {
  if (watch || throttleDuration === 0) return []
  return [
    {
      code: 'E106',
      severity: 'warning',
      message: 'throttleDuration has no effect without watch',
      remedy: 'set refreshInterval instead, or watch to true',
      origin: { source, key: 'throttleDuration' },
    },
  ]
}
