/** What came is not what was asked for; nothing may be concluded from it. */
export class UnsoundAnswerError extends Error {
  override readonly name = 'UnsoundAnswerError'
}

/** @throws UnsoundAnswerError, as all of these do; `what` names the value */
export function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw unsound(what, 'an object', value)
}

export function list(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value
  throw unsound(what, 'a list', value)
}

export function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw unsound(what, 'text', value)
}

/** Go writes an empty list as null. */
export function strings(value: unknown, what: string): string[] {
  return list(value ?? [], what).map((item) => text(item, what))
}

export function texts(value: unknown, what: string): Record<string, string> {
  const pairs = Object.entries(record(value ?? {}, what))
  return Object.fromEntries(pairs.map(([key, item]) => [key, text(item, what)]))
}

export function count(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw unsound(what, 'a whole number', value)
}

export function portOf(value: unknown): number {
  const port = count(value, 'the port of an instance')
  if (port <= 65_535) return port
  throw unsound('the port of an instance', 'at most 65535', value)
}

function unsound(what: string, wanted: string, value: unknown): UnsoundAnswerError {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
  const got = typeof value === 'number' ? String(value) : kind
  return new UnsoundAnswerError(`${what} is not ${wanted} but ${got}`)
}

/** Names come from outside: cut, and without control characters. */
export function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80))
}
