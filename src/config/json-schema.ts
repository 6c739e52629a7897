import { z } from 'zod'
import { shapeOf } from './decode.ts'
import { notesOf } from './fields.ts'

type JsonSchema = Record<string, unknown>

/**
 * The schema for editors: JSON Schema, draft 7, which editors of YAML read. It takes what files may hold, in which a
 * duration is text and a list may be one; keys are expected as the reference spells them.
 */
export function jsonSchemaOf(schema: z.ZodType, title: string): JsonSchema {
  const made = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'output',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) =>
      asWritten(zodSchema as unknown as z.ZodType, jsonSchema as JsonSchema),
  })
  return { ...made, title }
}

/** Values as they are written, where the validated ones are others. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  string: ['string', 'number', 'boolean'],
  secret: ['string', 'number', 'boolean'],
  file: ['string'],
  boolean: ['boolean', 'string'],
  integer: ['integer', 'string'],
  number: ['number', 'string'],
  duration: ['string', 'number'],
  bytes: ['integer', 'string'],
  // One value after the other, with commas between.
  list: ['array', 'string'],
  // `tls: true` and `tls:` switch a section on.
  section: ['object', 'boolean', 'null'],
  record: ['object', 'null'],
}

/** Bounds of these are in another unit than the one that is written. */
const CONVERTED = new Set(['duration', 'bytes'])

function asWritten(schema: z.ZodType, json: JsonSchema): void {
  const notes = notesOf(schema)
  if (!notes) return
  const { kind, doc } = notes
  const types = WRITTEN[kind]
  if (types) json['type'] = types
  json['description'] = doc
  // Defaults are of the validated form, and stand in the reference.
  delete json['default']
  if (CONVERTED.has(kind)) for (const bound of ['minimum', 'maximum']) delete json[bound]
  if (kind === 'section') onlyRequired(schema, json)
}

/** A field that has a default is always there once it is validated, and yet nobody has to write it. */
function onlyRequired(schema: z.ZodType, json: JsonSchema): void {
  const missing = Object.entries(shapeOf(schema) ?? {}).filter(([, one]) => !one.safeParse(undefined).success)
  if (missing.length === 0) delete json['required']
  else json['required'] = missing.map(([name]) => name)
}
