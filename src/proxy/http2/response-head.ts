import { sameName } from '../header-list.ts'
import type { HeaderList } from '../header-list.ts'
import type { Response } from '../response.ts'

/** Fields of a hop, which HTTP/2 does not have (RFC 9113 §8.2.2). */
const NOT_IN_HTTP2 = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'http2-settings',
])

/** The fields of a response as HTTP/2 has them. `length`: bytes of a body that is sent, when that is known. */
export function responseFields(
  { status, headers, why }: Response,
  length: number | undefined,
  bodiless: boolean,
): string[] {
  const fields = [':status', String(status)]
  addFields(headers, fields, !bodiless)
  if (length !== undefined) fields.push('content-length', String(length))
  if (why !== undefined) fields.push('tidegate-why', why)
  return fields
}

/** Fields in lower case, without those of a hop. */
export function addFields(headers: HeaderList, to: string[], lengthIsOurs: boolean): void {
  const { fields } = headers
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    if (NOT_IN_HTTP2.has(name) || (lengthIsOurs && sameName(name, 'content-length'))) continue
    to.push(name, fields[i + 1]!)
  }
}
