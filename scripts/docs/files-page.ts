import { instanceOptions } from '../../providers/parts/decode-instances.ts'
import { fields } from '../../src/config/fields.ts'
import type { z } from '../../src/config/fields.ts'
import { certificateOptions, storeOptions } from '../../src/config/tls.ts'
import { optionRows } from './option-rows.ts'
import { optionCells, table } from './tables.ts'

/** What files of the file provider hold besides routers, services and middlewares. */
export function fileSections(): string[] {
  return [
    'What a dynamic file may hold, in YAML, TOML or JSON: the sections below, and under `http` [routers and services](routing.md), [middlewares](middlewares.md) and [servers transports](routing.md#servers-transports). Each file stands for itself: one that cannot be read keeps its last good version, and a mistake costs only what it is in. Names of one provider are one space over all its files.',
    `## instances\n\nRunning copies of services, as a catalog would list them, with the same tags; for machines that no catalog knows, and to try the rest with. The [options of tagged instances](providers.md#tagged-instances) hold for them.\n\n${options(instanceOptions(fields), 'instances[0].')}`,
    `## tls.certificates\n\nCertificates for clients, chosen by the name that a client asks for. Files are followed.\n\n${options(certificateOptions(fields), 'tls.certificates[0].')}`,
    `## tls.stores\n\nOnly \`default\` is in use.\n\n${options(storeOptions(fields), 'tls.stores.default.')}`,
  ]
}

function options(shape: object, prefix: string): string {
  const rows = optionRows(shape as Record<string, z.ZodType>, prefix)
  return table(['Option', 'Type', 'Default', 'What it does'], rows.map(optionCells))
}
