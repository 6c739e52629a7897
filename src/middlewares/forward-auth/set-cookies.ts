import type { HeaderList } from '../../middleware.ts'

/** Adds the cookies of these names that `from` sets, in place of those of the same names that stand there. */
export function setCookies(headers: HeaderList, from: HeaderList, names: ReadonlySet<string>): void {
  const added = from.getAll('Set-Cookie').filter((cookie) => names.has(nameOf(cookie)))
  if (added.length === 0) return
  const replaced = new Set(added.map(nameOf))
  const kept = headers.getAll('Set-Cookie').filter((cookie) => !replaced.has(nameOf(cookie)))
  headers.delete('Set-Cookie')
  for (const cookie of [...kept, ...added]) headers.append('Set-Cookie', cookie)
}

function nameOf(cookie: string): string {
  return cookie.slice(0, cookie.indexOf('=')).trim()
}
