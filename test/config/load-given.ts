import type { Variables } from '../../src/config/environment.ts'
import type { Fields, Shape } from '../../src/config/fields.ts'
import { loadStaticConfig } from '../../src/config/load.ts'
import type { LoadedStatic } from '../../src/config/load.ts'
import type { ProviderShapes } from '../../src/config/static.ts'

export interface Given {
  readonly file?: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Variables
  readonly flags?: readonly string[]
}

const PROVIDERS: ProviderShapes = new Map<string, (field: Fields) => Shape>([
  ['file', (field: Fields) => ({ filename: field.file('A file.').default('') })],
  [
    'consulCatalog',
    (field: Fields) => ({
      endpoint: field
        .section('The agent.', {
          address: field.string('Where it is.').default('127.0.0.1:8500'),
          token: field.secret('What it asks for.').optional(),
        })
        .prefault({}),
      prefix: field.list('Prefixes.', field.string('One.')).default(['traefik']),
      watch: field.boolean('Follows changes.').default(true),
    }),
  ],
])

/** Loads a static configuration out of texts, on a machine with four processors and two providers. */
export async function load({ file, files = {}, env = {}, flags = [] }: Given): Promise<LoadedStatic> {
  return loadStaticConfig({
    file,
    flags,
    env,
    providers: PROVIDERS,
    cpus: 4,
    readText: (path) => read(files, path),
  })
}

async function read(files: Readonly<Record<string, string>>, path: string): Promise<string> {
  const text = files[path]
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  return text
}
