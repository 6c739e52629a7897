import { Request } from '../../proxy/request.ts'

/** A path from configuration in the form that rules compare; undefined when an escape in it is broken. */
export function decodedPath(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  const request = new Request()
  request.path = text
  // What is no UTF-8 decodes to U+FFFD, whose length says nothing about the bytes that it came from.
  return request.matchPath.includes('\uFFFD') ? undefined : request.matchPath
}

/** How much of the encoded `path` stands for `prefix`, with which its decoded form begins. */
export function encodedLength(path: string, prefix: string): number {
  if (!path.includes('%')) return prefix.length
  let left = Buffer.byteLength(prefix)
  let at = 0
  while (left > 0) {
    const escaped = path.charCodeAt(at) === PERCENT
    // Escapes of reserved characters stay as they are in the decoded form: three bytes there, too.
    left -= escaped && RESERVED.has(Number.parseInt(path.slice(at + 1, at + 3), 16)) ? 3 : 1
    at += escaped ? 3 : 1
  }
  return at
}

const PERCENT = 0x25
const RESERVED = new Set(Buffer.from("!#$%&'()*+,/:;=?@[]"))
