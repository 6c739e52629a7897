const LONGEST = 400

/** Why a call failed, in the words of whoever says so. Network errors of several addresses come without a message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return error.message === '' ? (code ?? error.name) : error.message
}

/** One line of bounded length, without these secrets, wherever the words came from. */
export function oneLine(message: string, secrets: Iterable<string | undefined>): string {
  let safe = message
  for (const secret of secrets) if (secret) safe = safe.replaceAll(secret, '***')
  return safe.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, LONGEST)
}
