import { z } from 'zod'
import { shapeOf, structureOf } from '../../src/config/decode.ts'
import { formatDuration } from '../../src/config/duration.ts'
import { innerOf, notesOf } from '../../src/config/fields.ts'
import type { FieldNotes } from '../../src/config/fields.ts'

/** One option as the reference shows it. */
export interface OptionRow {
  /** Names from the root, such as `ipStrategy.depth`, `servers[0].url` or `entryPoints.<name>.address`. */
  readonly path: string
  readonly notes: FieldNotes
  readonly type: string
  /** In its written form; undefined when there is none. */
  readonly default: string | undefined
  readonly required: boolean
  /** It groups others and holds no value of its own. */
  readonly group: boolean
}

/**
 * All options of a shape, sections before what is in them. Throws for an option that was not declared with `fields`,
 * since nothing would be known of it.
 */
export function optionRows(shape: Readonly<Record<string, z.ZodType>>, prefix = ''): OptionRow[] {
  return Object.entries(shape).flatMap(([name, schema]) => rowsOf(schema, prefix + name))
}

function rowsOf(schema: z.ZodType, path: string): OptionRow[] {
  const notes = notesOf(schema)
  if (!notes) throw new Error(`the option ${path} has no notes: declare it with a field`)
  const nested = nestedShape(schema)
  const row: OptionRow = {
    path,
    notes,
    type: typeText(schema),
    default: nested && !isGroupValue(schema) ? undefined : defaultText(schema, notes),
    required: !schema.safeParse(undefined).success && notes.pending === undefined,
    group: nested !== undefined,
  }
  return nested ? [row, ...optionRows(nested.shape, `${path}${nested.suffix}.`)] : [row]
}

/** The options within a section, an item of a list, or a named entry of a record. */
function nestedShape(schema: z.ZodType): { shape: Record<string, z.ZodType>; suffix: string } | undefined {
  const structure = structureOf(schema)
  const inner =
    structure instanceof z.ZodArray
      ? structure.element
      : structure instanceof z.ZodRecord
        ? structure.valueType
        : structure
  const shape = shapeOf(inner as z.ZodType)
  if (!shape) return undefined
  return {
    shape,
    suffix: structure instanceof z.ZodArray ? '[0]' : structure instanceof z.ZodRecord ? '.<name>' : '',
  }
}

function isGroupValue(schema: z.ZodType): boolean {
  return structureOf(schema) instanceof z.ZodArray
}

/** What kind of value it is, with its bounds. */
function typeText(schema: z.ZodType): string {
  const notes = notesOf(schema)
  const structure = structureOf(schema)
  if (structure instanceof z.ZodArray) return `list of ${typeText(structure.element as z.ZodType)}`
  if (structure instanceof z.ZodRecord) return `names to ${typeText(structure.valueType as z.ZodType)}`
  if (structure instanceof z.ZodEnum)
    return structure.options.map((value) => `\`${String(value)}\``).join(', ')
  if (structure instanceof z.ZodNumber) return `${notes?.kind ?? 'number'}${bounds(structure, notes?.kind)}`
  return notes?.kind ?? 'any'
}

/** Zero as the least is what is expected of durations and sizes, and not worth a word. */
function bounds(schema: z.ZodNumber, kind: string | undefined): string {
  const text = (value: number): string => (kind === 'duration' ? formatDuration(value) : String(value))
  const least = meaningful(schema.minValue)
  const most = meaningful(schema.maxValue)
  if (least !== undefined && most !== undefined) return `, ${text(least)} to ${text(most)}`
  if (most !== undefined) return `, at most ${text(most)}`
  return least === undefined || (least === 0 && kind !== 'integer') ? '' : `, at least ${text(least)}`
}

function meaningful(bound: number | null): number | undefined {
  return bound === null || !Number.isFinite(bound) || Math.abs(bound) === Number.MAX_SAFE_INTEGER
    ? undefined
    : bound
}

function defaultText(schema: z.ZodType, notes: FieldNotes): string | undefined {
  const value = defaultOf(schema)
  if (value === undefined || value === null) return undefined
  if (notes.kind === 'duration' && typeof value === 'number') return formatDuration(value)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'none' : JSON.stringify(value)
  return value === '' ? 'empty' : String(value as string | number | boolean)
}

/** Of `.default(value)` or `.prefault(text)`, whichever stands outermost. */
function defaultOf(schema: z.ZodType): unknown {
  for (let current: z.ZodType | undefined = schema; current; current = innerOf(current)) {
    if (current instanceof z.ZodDefault || current instanceof z.ZodPrefault) return current.def.defaultValue
  }
  return undefined
}
