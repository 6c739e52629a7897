import { z } from 'zod'
import { parseDuration } from './duration.ts'

/** What a field tells documentation, redaction and tag decoding besides its type. */
export interface FieldNotes {
  readonly doc: string
  readonly kind: string
  /** Understood, but without effect until this is built; a value is listed as a problem by name. */
  readonly pending?: string
  /** Never taken from a service's tags: whoever registers a service is not trusted with it. */
  readonly trustedOnly?: boolean
}

const notes = z.registry<FieldNotes>()

/** The notes of a schema, found through `.optional()`, `.default()` and the like. */
export function notesOf(schema: z.ZodType): FieldNotes | undefined {
  for (let current: z.ZodType | undefined = schema; current; current = innerOf(current)) {
    const found = notes.get(current)
    if (found) return found
  }
  return undefined
}

/** The schema one wrapper further in, or undefined when there is none. */
export function innerOf(schema: z.ZodType): z.ZodType | undefined {
  const { def } = schema._zod as unknown as { def: { innerType?: z.ZodType; out?: z.ZodType; type: string } }
  return def.innerType ?? (def.type === 'pipe' ? def.out : undefined)
}

function note<T extends z.ZodType>(schema: T, kind: string, doc: string, more: Partial<FieldNotes> = {}): T {
  notes.add(schema, { doc, kind, ...more } as never)
  return schema
}

function integerFrom(value: unknown): unknown {
  return typeof value === 'string' && /^[+-]?\d+$/.test(value.trim()) ? Number(value) : value
}

function numberFrom(value: unknown): unknown {
  return typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))
    ? Number(value)
    : value
}

const TRUE = new Set(['true', '1', 't'])
const FALSE = new Set(['false', '0', 'f'])

function booleanFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const text = value.trim().toLowerCase()
  return TRUE.has(text) ? true : FALSE.has(text) ? false : value
}

function stringFrom(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : value
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

function bytesFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const [, amount, unit] = /^(-?\d+)\s*([a-z]*)$/i.exec(value.trim()) ?? []
  const factor = unit === undefined ? undefined : SIZE_UNITS[unit.toLowerCase()]
  return factor === undefined ? value : Number(amount) * factor
}

/** Tags, variables and flags write lists as `a,b,c`. */
function listFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return value.trim() === '' ? [] : value.split(',').map((item) => item.trim())
}

interface Bounds {
  readonly min?: number
  readonly max?: number
}

function bounded(schema: z.ZodNumber, { min, max }: Bounds): z.ZodNumber {
  let result = schema
  if (min !== undefined) result = result.min(min)
  if (max !== undefined) result = result.max(max)
  return result
}

/**
 * The words in which options are declared. One declaration gives type, validation, decoding from tags,
 * variables and flags (where all is text), documentation and redaction. Chain `.optional()`, `.default(value)`
 * or, for a default in its written form (`'10s'`), `.prefault(text)`.
 */
export const fields = {
  string: (doc: string) => note(z.preprocess(stringFrom, z.string()), 'string', doc),
  /** Text that is printed as `***` wherever configuration is shown. */
  secret: (doc: string) => note(z.preprocess(stringFrom, z.string()), 'secret', doc, { trustedOnly: false }),
  /** A path on this machine. Never accepted from a service's tags. */
  file: (doc: string) => note(z.string(), 'file', doc, { trustedOnly: true }),
  boolean: (doc: string) => note(z.preprocess(booleanFrom, z.boolean()), 'boolean', doc),
  integer: (doc: string, bounds: Bounds = {}) =>
    note(z.preprocess(integerFrom, bounded(z.int(), bounds)), 'integer', doc),
  number: (doc: string, bounds: Bounds = {}) =>
    note(z.preprocess(numberFrom, bounded(z.number(), bounds)), 'number', doc),
  /** Milliseconds; written `1m30s`, or as a bare number of seconds. */
  duration: (doc: string, bounds: Bounds = { min: 0 }) =>
    note(
      z.preprocess((value) => parseDuration(value) ?? value, bounded(z.number(), bounds)),
      'duration',
      doc,
    ),
  /** Bytes; written `1048576`, `1MiB` or `1MB`. */
  bytes: (doc: string, bounds: Bounds = { min: 0 }) =>
    note(z.preprocess(bytesFrom, bounded(z.int(), bounds)), 'bytes', doc),
  choice: <const T extends readonly [string, ...string[]]>(doc: string, values: T) =>
    note(
      z.preprocess(
        (value) =>
          typeof value === 'string'
            ? (values.find((one) => one.toLowerCase() === value.toLowerCase()) ?? value)
            : value,
        z.enum(values),
      ),
      'choice',
      doc,
    ),
  list: <T extends z.ZodType>(doc: string, item: T) =>
    note(z.preprocess(listFrom, z.array(item)), 'list', doc),
  /** Names of the user's choice to values of one shape. */
  record: <T extends z.ZodType>(doc: string, value: T) => note(z.record(z.string(), value), 'record', doc),
  section: <T extends z.core.$ZodLooseShape>(doc: string, shape: T) =>
    note(z.strictObject(shape), 'section', doc),
  /** Anything at all, kept as it was written. */
  any: (doc: string) => note(z.unknown(), 'any', doc),
  /** Accepted, and listed as a problem that names `what`, until that is built. */
  pending: (what: string) =>
    note(z.unknown().optional(), 'any', `Not built yet: ${what}.`, { pending: what }),
}

export type Fields = typeof fields
/** The shape that an options function returns. */
export type Shape = z.core.$ZodLooseShape
/** The validated options of a shape. */
export type OptionsOf<S extends Shape> = z.output<z.ZodObject<S, z.core.$strict>>
export type { z }
