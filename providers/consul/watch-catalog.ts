import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import { ConsulClient } from './client.ts'
import { openConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { Datacenter } from './datacenter.ts'
import type { ConsulCatalogOptions } from './options.ts'
import { unusedTls } from '../parts/unused-tls.ts'
import { UpdateQueue } from '../parts/update-queue.ts'

/** Yields the snapshots of all datacenters that are to be read, as they change. */
export async function* watchCatalog(
  options: ConsulCatalogOptions,
  tools: ProviderTools,
): AsyncGenerator<Update, void> {
  const connection = await openConnection(options.endpoint, tools.name)
  const consumer = new AbortController()
  const signal = AbortSignal.any([tools.signal, consumer.signal])
  const queue = new UpdateQueue(signal)
  try {
    for (const name of datacentersOf(options)) {
      const datacenter = openDatacenter(name, options, { ...tools, signal }, connection, queue)
      void datacenter.run().catch((error: unknown) => queue.fail(error))
    }
    yield* queue
  } finally {
    consumer.abort(new Error(`${tools.name} is no longer read`))
    connection.agent.destroy()
  }
}

function datacentersOf({ datacenters, endpoint }: ConsulCatalogOptions): readonly (string | undefined)[] {
  const named = [...new Set(datacenters.filter((name) => name !== ''))]
  return named.length > 0 ? named : [endpoint.datacenter === '' ? undefined : endpoint.datacenter]
}

function openDatacenter(
  name: string | undefined,
  options: ConsulCatalogOptions,
  tools: ProviderTools,
  connection: Connection,
  queue: UpdateQueue,
): Datacenter {
  const { requireConsistent, stale, cache, watch, refreshInterval, endpoint, strictChecks } = options
  return new Datacenter({
    name,
    client: new ConsulClient({
      connection,
      datacenter: name,
      requireConsistent,
      stale,
      cache,
      signal: tools.signal,
    }),
    connection,
    tools,
    publish: (update) => queue.push(update),
    watch: watch ? { wait: endpoint.endpointWaitTime } : { every: refreshInterval },
    lagging: stale || cache,
    strictChecks: new Set(strictChecks),
    idPrefix: datacentersOf(options).length > 1 ? `${name}/` : '',
    notes: unusedTls(endpoint, connection, tools.name, 'set endpoint.scheme to https'),
  })
}
