import { shapeOf } from '../config/decode.ts'
import type { z } from '../config/fields.ts'
import { writeYaml } from '../config/formats/yaml-text.ts'
import { describeOrigin } from '../config/problem.ts'
import { shown } from '../config/shown.ts'
import { staticSchema } from '../config/static.ts'
import type { StaticConfig } from '../config/static.ts'
import { providerShapes } from '../provider-catalogue.ts'
import type { LoadedCli } from './static-config.ts'

/** The static configuration that holds, as YAML: all defaults filled in, secrets masked, each value with its origin if asked. */
export function effectiveConfig(
  { config, definitions, origins }: LoadedCli & { readonly config: StaticConfig },
  withOrigins: boolean,
): string {
  const schema = staticSchema(providerShapes(definitions))
  return writeYaml(inOrder(schema, shown(schema, asWritten(config)) as object), (path) => {
    if (!withOrigins) return undefined
    // A list that was written as one text has one origin.
    const found = path.map((_, i) => origins.get(path.slice(0, path.length - i).join('.')))
    const origin = found.find((one) => one !== undefined)
    return origin ? describeOrigin(origin) : 'default'
  })
}

/** As the reference has it, whatever the order in which values were filled in. */
function inOrder(schema: z.ZodType, values: object): object {
  const entries = new Map(Object.entries(values))
  return Object.fromEntries(
    Object.keys(shapeOf(schema) ?? {}).flatMap((name) =>
      entries.has(name) ? [[name, entries.get(name)]] : [],
    ),
  )
}

/** The form in which it is written, without what was only taken apart for use. */
function asWritten({ api, entryPoints, providers, ...rest }: StaticConfig): Record<string, unknown> {
  const { sources, ...common } = providers
  return {
    entryPoints: Object.fromEntries(
      [...entryPoints].map(([name, { listen, internal: _internal, ...options }]) => [
        name,
        { ...options, address: options.address === '' ? addressText(listen) : options.address },
      ]),
    ),
    providers: { ...common, ...Object.fromEntries(sources) },
    ...(api ? { api: withAddress(api) } : {}),
    ...rest,
  }
}

function withAddress({ listen, ...options }: NonNullable<StaticConfig['api']>): Record<string, unknown> {
  return { address: addressText(listen), ...options }
}

function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
