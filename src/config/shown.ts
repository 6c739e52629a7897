import { z } from 'zod'
import { structureOf } from './decode.ts'
import { formatDuration } from './duration.ts'
import { notesOf } from './fields.ts'
import { MASK, maskLine, soundsSecret } from './masking.ts'

/**
 * A validated value as it may be shown: what its schema calls a secret is masked, and what sounds like one or looks
 * like one besides; durations are in Go's notation, as Traefik writes them. What is left undefined is left out.
 */
export function shown(schema: z.ZodType, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  const kind = notesOf(schema)?.kind
  if (kind === 'secret') return MASK
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value)
  const structure = structureOf(schema)
  if (Array.isArray(value)) {
    const element = structure instanceof z.ZodArray ? (structure.element as z.ZodType) : ANYTHING
    return value.map((item) => shown(element, item))
  }
  if (typeof value === 'object') return shownSection(structure, value)
  return typeof value === 'string' ? maskLine(value) : value
}

const ANYTHING = z.unknown()

function shownSection(structure: z.ZodType, value: object): Record<string, unknown> {
  const named = structure instanceof z.ZodObject ? structure.shape : undefined
  const valueType = structure instanceof z.ZodRecord ? (structure.valueType as z.ZodType) : ANYTHING
  const entries = Object.entries(value).map(([key, item]) => {
    const declared = named?.[key] as z.ZodType | undefined
    // Names of the user's choice, such as those of headers, say nothing in the schema about what they hold.
    const masked = declared === undefined && typeof item !== 'object' && soundsSecret(key)
    return [key, masked ? MASK : shown(declared ?? valueType, item)] as const
  })
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
}
