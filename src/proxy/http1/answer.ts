import { STATUS_TEXT } from '../status-text.ts'
import { Body } from '../body.ts'
import type { HeaderList } from '../header-list.ts'
import type { Request } from '../request.ts'
import { Response } from '../response.ts'
import type { WhyCode } from '../why.ts'
import { fieldsText } from './message-writer.ts'
import type { MessageWriter } from './message-writer.ts'

/** Writes the answer to a request. `last`: its connection closes behind it. */
export function writeAnswer(
  writer: MessageWriter,
  request: Request,
  response: Response,
  last: boolean,
): void {
  const { body } = response
  if (typeof body === 'string' && Buffer.byteLength(body) !== body.length) {
    response.body = Body.of(Buffer.from(body))
    writeAnswer(writer, request, response, last)
    return
  }
  const head = headText(request, response, last)
  const bodiless = isBodiless(request, response)
  if (typeof body === 'string' || body === null) {
    writer.writeWhole(head, bodiless || body === null ? '' : body)
  } else if (bodiless) {
    body.cancel()
    writer.writeWhole(head, '')
  } else writer.writeBody(head, body, isChunked(request, body), request.trailers)
}

/** HTTP/1.0 knows no chunks: where the length is not known, the end of the connection is the end of the body. */
export function endsWithConnection(request: Request, response: Response): boolean {
  const { body } = response
  return (
    request.version === '1.0' &&
    typeof body === 'object' &&
    body !== null &&
    body.length === undefined &&
    !isBodiless(request, response)
  )
}

/** An answer behind which the connection closes, since what came is no acceptable request. */
export function refusalText(why: WhyCode): string {
  const { status, headers, body } = Response.because(why)
  const length = `Content-Length: ${Buffer.byteLength(body as string)}\r\n`
  return `${startText(status, headers)}${whyFields(why)}${length}Connection: close\r\n\r\n${body as string}`
}

/** An interim answer (1xx), or the 101 that begins a tunnel. */
export function interimText(status: number, headers: HeaderList): string {
  return `${startText(status, headers)}\r\n`
}

function headText(request: Request, response: Response, last: boolean): string {
  const { status, headers, why } = response
  return `${startText(status, headers)}${whyFields(why)}${framing(request, response)}${persistence(request, last)}\r\n`
}

function startText(status: number, headers: HeaderList): string {
  return (STATUS_LINES[status] ?? statusLine(status)) + fieldsText(headers)
}

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ''}\r\n`
}

const STATUS_LINES: readonly (string | undefined)[] = Array.from({ length: 600 }, (_, status) =>
  status in STATUS_TEXT ? statusLine(status) : undefined,
)

function whyFields(why: WhyCode | undefined): string {
  // RFC 9110 §6.6.1: who makes an answer dates it.
  return why === undefined ? '' : `Date: ${httpDate()}\r\nTidegate-Why: ${why}\r\n`
}

function framing(request: Request, response: Response): string {
  const { body } = response
  const bodiless = isBodiless(request, response)
  if (typeof body === 'string' || body === null) {
    if (bodiless) return bodilessLength(request, response, body)
    return `Content-Length: ${body === null ? 0 : body.length}\r\n`
  }
  if (bodiless) return ''
  if (isChunked(request, body)) return 'Transfer-Encoding: chunked\r\n'
  return body.length === undefined ? '' : `Content-Length: ${body.length}\r\n`
}

function isBodiless({ method }: Request, { status }: Response): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

function isChunked({ version }: Request, { length }: Body): boolean {
  return length === undefined && version === '1.1'
}

/** HEAD of an answer of our own says how long it would have been; an endpoint's says so in its own field. */
function bodilessLength(request: Request, response: Response, body: string | null): string {
  if (body === null || request.method !== 'HEAD' || response.headers.has('Content-Length')) return ''
  return `Content-Length: ${Buffer.byteLength(body)}\r\n`
}

function persistence({ version }: Request, last: boolean): string {
  if (last) return 'Connection: close\r\n'
  return version === '1.0' ? 'Connection: keep-alive\r\n' : ''
}

let dateSecond = 0
let dateText = ''

/** The current second as an HTTP date, made once per second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1_000).toUTCString()
  }
  return dateText
}
