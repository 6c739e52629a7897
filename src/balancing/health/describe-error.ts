const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'probe was refused a connection',
  ECONNRESET: 'probe was cut off',
  UND_ERR_SOCKET: 'probe was cut off',
  EHOSTUNREACH: 'probe found no way to the host',
  ENETUNREACH: 'probe found no way to the network',
  UND_ERR_HEADERS_OVERFLOW: 'probe was answered with too large a head',
}

/** Why a probe failed, in words; what the endpoint has sent is not in them. */
export function describeError(error: unknown): string {
  const { name, code } = error as NodeJS.ErrnoException
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ABORT_ERR') return 'probe timed out'
  if (code === undefined) return `probe failed (${name})`
  return WORDS[code] ?? `probe failed (${code})`
}
