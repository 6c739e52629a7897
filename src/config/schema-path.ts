import { z } from 'zod'
import { notesOf } from './fields.ts'
import { structureOf } from './decode.ts'

/** Names from the root of a schema to one of its values; list items by their index. */
export type SchemaPath = readonly string[]

/** The schema of the value at `path`, letters' case ignored. Undefined where there is no such key. */
export function schemaAt(schema: z.ZodType, path: SchemaPath): z.ZodType | undefined {
  const [name, ...rest] = path
  if (name === undefined) return schema
  const structure = structureOf(schema)
  if (structure instanceof z.ZodObject) {
    const key = canonicalKey(structure, name)
    return key === undefined ? undefined : schemaAt(structure.shape[key] as z.ZodType, rest)
  }
  if (structure instanceof z.ZodRecord) return schemaAt(structure.valueType as z.ZodType, rest)
  if (structure instanceof z.ZodArray)
    return /^\d+$/.test(name) ? schemaAt(structure.element as z.ZodType, rest) : undefined
  return structure instanceof z.ZodUnknown ? structure : undefined
}

/** What kind of value stands at `path`: the `kind` of the notes, or undefined where there is no such key. */
export function kindAt(schema: z.ZodType, path: SchemaPath): string | undefined {
  const found = schemaAt(schema, path)
  return found === undefined ? undefined : notesOf(found)?.kind
}

/** `path` with the schema's own spelling of its keys; names of the user's choice stay as they are. */
export function canonicalPath(schema: z.ZodType, path: SchemaPath): string[] {
  const result: string[] = []
  for (const name of path) {
    const parent = schemaAt(schema, result)
    const structure = parent === undefined ? undefined : structureOf(parent)
    result.push((structure instanceof z.ZodObject ? canonicalKey(structure, name) : undefined) ?? name)
  }
  return result
}

/**
 * The path that `PROVIDERS_CONSULCATALOG_ENDPOINT_ADDRESS` means, given as its words. A name of the user's choice
 * takes as few words as leave a rest that the schema knows, and is in lower case.
 */
export function pathOfWords(schema: z.ZodType, words: readonly string[]): string[] | undefined {
  const [word, ...rest] = words
  if (word === undefined) return []
  const structure = structureOf(schema)
  if (structure instanceof z.ZodObject) {
    const key = canonicalKey(structure, word)
    return key === undefined ? undefined : prepend(key, pathOfWords(structure.shape[key] as z.ZodType, rest))
  }
  if (structure instanceof z.ZodRecord) return pathOfNamed(structure.valueType as z.ZodType, words)
  if (structure instanceof z.ZodArray) {
    return /^\d+$/.test(word) ? prepend(word, pathOfWords(structure.element as z.ZodType, rest)) : undefined
  }
  return structure instanceof z.ZodUnknown ? words.map((one) => one.toLowerCase()) : undefined
}

/** The keys of the section at `path`; empty where there is none. */
export function keysAt(schema: z.ZodType, path: SchemaPath): string[] {
  const found = schemaAt(schema, path)
  const structure = found === undefined ? undefined : structureOf(found)
  return structure instanceof z.ZodObject ? Object.keys(structure.shape) : []
}

function pathOfNamed(value: z.ZodType, words: readonly string[]): string[] | undefined {
  for (let count = 1; count <= words.length; count++) {
    const path = pathOfWords(value, words.slice(count))
    if (path) return [words.slice(0, count).join('_').toLowerCase(), ...path]
  }
  return undefined
}

function canonicalKey(structure: z.ZodObject, name: string): string | undefined {
  const wanted = name.toLowerCase()
  return Object.keys(structure.shape).find((key) => key.toLowerCase() === wanted)
}

function prepend(name: string, path: string[] | undefined): string[] | undefined {
  return path === undefined ? undefined : [name, ...path]
}
