import type { Fields, OptionsOf } from '../../src/config/fields.ts'
import { tlsShape } from '../parts/tls-files.ts'

/** The options of `http`. */
export const httpOptions = (field: Fields) => ({
  endpoint: field.string(
    'URL that is asked: `http://…` or `https://…`. It answers in YAML, TOML or JSON, as a file of the file provider is written.',
  ),
  pollInterval: field.duration('Time between two questions.', { min: 100 }).prefault('5s'),
  pollTimeout: field.duration('Time that a whole answer may take.', { min: 10, max: 600_000 }).prefault('5s'),
  headers: field
    .record('Fields that are sent along, such as `Authorization`.', field.secret('Value.'))
    .default({}),
  tls: field.section('TLS to the server.', tlsShape(field, 'the server')).optional(),
  maxResponseBodySize: field
    .bytes('Bytes of the longest answer that is read; -1: 16 MiB.', { min: -1, max: 16 * 1024 * 1024 })
    .default(-1),
})

export type HttpOptions = OptionsOf<ReturnType<typeof httpOptions>>
