import type { Value } from './tree.ts'

/** A template cannot be rendered with the data that it was given. The message is a sentence for people. */
export class RenderError extends Error {
  override readonly name = 'RenderError'
}

/** No text may grow beyond this, whatever functions do to it. A rule of that length is none. */
const LONGEST = 16_384

export function within(text: string, longest: number = LONGEST): string {
  if (text.length > longest) throw new RenderError(`a text is longer than ${longest} characters`)
  return text
}

/** As in Go: false, 0, nothing, and what is empty are false. */
export function isTrue(value: Value): boolean {
  if (typeof value !== 'object') return Boolean(value)
  return value !== null && (value instanceof Map ? value.size > 0 : (value as readonly Value[]).length > 0)
}

/** Text of a scalar; nothing is an empty text. */
export function textOf(value: Value | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'object')
    throw new RenderError(`a ${value instanceof Map ? 'map' : 'list'} stands where a text should`)
  return within(String(value))
}

export function numberOf(value: Value | undefined): number {
  if (typeof value !== 'number') throw new RenderError('a number is missing')
  return Math.trunc(value)
}

export function listOf(value: Value | undefined): readonly Value[] {
  if (!Array.isArray(value)) throw new RenderError('a list is missing')
  return value as readonly Value[]
}

/** Joins texts, knowing the length of the result before it is made. */
export function joinWithin(texts: readonly string[], separator: string): string {
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, -separator.length)
  if (length > LONGEST) throw new RenderError(`a text is longer than ${LONGEST} characters`)
  return texts.join(separator)
}

export function replaceWithin(text: string, old: string, to: string): string {
  return joinWithin(text.split(old), to)
}
