import { HEX } from './bytes.ts'

/** `-._~` and letters and digits: whose escapes mean the same as themselves (RFC 3986 §2.3). */
const UNRESERVED = /[A-Za-z0-9._~-]/

/**
 * The normal form of a path (RFC 3986 §6.2.2): escapes of unreserved characters decoded, the others in upper case,
 * dot segments and empty segments removed. The result is what rules compare **and** what is forwarded: two spellings
 * of a path are how guards are walked around. Undefined for a broken escape or `%00`.
 */
export function normalPath(path: string): string | undefined {
  const decoded = path.includes('%') ? normalEscapes(path) : path
  return decoded === undefined ? undefined : removeDotSegments(decoded)
}

function normalEscapes(path: string): string | undefined {
  let result = ''
  let from = 0
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', from)) {
    const high = HEX[path.charCodeAt(at + 1)] ?? 255
    const low = HEX[path.charCodeAt(at + 2)] ?? 255
    if (high > 15 || low > 15 || (high === 0 && low === 0)) return undefined
    const character = String.fromCharCode(high * 16 + low)
    result +=
      path.slice(from, at) + (UNRESERVED.test(character) ? character : path.slice(at, at + 3).toUpperCase())
    from = at + 3
  }
  return result + path.slice(from)
}

function removeDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i]!
    const last = i === segments.length - 1
    if (segment === '..') kept.pop()
    // What names a directory keeps its slash: `/a/.` and `/a/..` end in one.
    if (segment === '' || segment === '.' || segment === '..') {
      if (last) kept.push('')
    } else kept.push(segment)
  }
  return `/${kept.join('/')}`
}
