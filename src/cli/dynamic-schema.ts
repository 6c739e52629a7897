import { fields } from '../config/fields.ts'
import type { Fields, Shape, z } from '../config/fields.ts'
import { PENDING_SECTIONS, routerOptions, serviceOptions } from '../config/routing.ts'
import { serversTransportOptions } from '../config/servers-transport.ts'
import { certificateOptions, storeOptions } from '../config/tls.ts'
import { discover } from '../discover.ts'
import type { MiddlewareDefinition } from '../middleware.ts'

/**
 * The schema of a whole dynamic file. What serves decodes each resource by itself, so that a wrong one costs only itself;
 * this one is for editors and for converting files.
 */
export async function dynamicSchema(plugins: Iterable<string> = []): Promise<z.ZodType> {
  const kinds = await discover<MiddlewareDefinition>(new URL('../middlewares/', import.meta.url))
  const { list, record, section, any, pending } = fields
  const middlewares: Record<string, z.ZodType> = {}
  for (const [name, { summary, options }] of kinds)
    middlewares[name] = section(summary, options(fields) as Shape).optional()
  for (const name of plugins) middlewares[name] = any('A private plug-in.').optional()
  const named = (doc: string, options: (field: Fields) => Shape) =>
    record(doc, section(doc, options(fields))).default({})
  return section('Dynamic configuration.', {
    http: section('Routing of HTTP.', {
      routers: named('Which requests go where, by name.', routerOptions),
      services: named('Who answers, by name.', serviceOptions),
      middlewares: record(
        'What is done to requests and responses, by name.',
        section('One middleware, of one kind.', middlewares),
      ).default({}),
      serversTransports: named('How endpoints are connected to, by name.', serversTransportOptions),
    }).optional(),
    tls: section('Certificates.', {
      certificates: list('Certificates.', section('One certificate.', certificateOptions(fields))).default(
        [],
      ),
      stores: named('Stores; only `default` is used.', storeOptions),
      options: pending('TLS options'),
    }).optional(),
    instances: list('Instances with tags, as a catalog would show them.', any('One instance.')).optional(),
    ...Object.fromEntries(Object.entries(PENDING_SECTIONS).map(([name, what]) => [name, pending(what)])),
  })
}
