const SECRET_KEY = /token|passw|secret|authorization|credential|api[-_]?key|private[-_]?key|cookie/i
const USER_INFO = /(\/\/[^/\s:@]*):[^/\s@]+@/g
const DEEPEST = 6

/** A copy of log fields in which secrets are `***`, errors are plain data, and nothing goes round in circles. */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactFields(fields, 0)
}

/** Text with the passwords of its URLs masked. */
export function redactText(text: string): string {
  return text.includes('@') ? text.replace(USER_INFO, '$1:***@') : text
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      hides(key, value) ? '***' : redactValue(value, depth),
    ]),
  )
}

/** Numbers and flags (`tokens: 3`, `hasPassword: true`) tell no secret. */
function hides(key: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean')
    return false
  return SECRET_KEY.test(key)
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return errorFields(value, depth)
  if (value instanceof Date) return value
  if (depth >= DEEPEST) return '…'
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  if (value instanceof Map) return redactFields(Object.fromEntries(value), depth + 1)
  if (value instanceof Set) return [...value].map((item) => redactValue(item, depth + 1))
  return redactFields(value, depth + 1)
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { cause } = error
  return {
    type: error.name,
    message: redactText(error.message),
    ...('code' in error ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(cause === undefined || depth >= DEEPEST ? {} : { cause: redactValue(cause, depth + 1) }),
  }
}
