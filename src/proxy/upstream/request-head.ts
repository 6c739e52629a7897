import { sameName } from '../header-list.ts'
import { fieldsText } from '../http1/message-writer.ts'
import type { Request } from '../request.ts'

export interface Destination {
  readonly pathPrefix: string
  /** `host:port` of the endpoint. */
  readonly authority: string
}

/** The head of a request as it goes to an endpoint, empty line included. Fields of the client's hop are not in it. */
export function requestHead(request: Request, to: Destination, passHostHeader: boolean): string {
  const { path } = request
  const target = path === '*' ? path : to.pathPrefix + path + request.query
  return `${request.method} ${target} HTTP/1.1\r\n${hostAndFields(request, to, passHostHeader)}${framing(request)}${connection(request)}\r\n`
}

function hostAndFields(request: Request, to: Destination, passHostHeader: boolean): string {
  const { headers } = request
  if (request.authority === '') return `Host: ${to.authority}\r\n${fieldsText(headers)}`
  if (passHostHeader) return fieldsText(headers)
  let text = `Host: ${to.authority}\r\n`
  for (const [name, value] of headers) if (!sameName(name, 'host')) text += `${name}: ${value}\r\n`
  return text
}

/** RFC 9110 §8.6: methods that are expected to carry a body say so when it is empty. */
const EXPECTING_BODY = new Set(['POST', 'PUT', 'PATCH'])

function framing({ body, method }: Request): string {
  if (body === null) return EXPECTING_BODY.has(method) ? 'Content-Length: 0\r\n' : ''
  return body.length === undefined ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${body.length}\r\n`
}

function connection({ upgrade, trailers }: Request): string {
  if (upgrade !== undefined) return `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  return trailers ? 'Connection: TE\r\nTE: trailers\r\n' : ''
}
