import type { IncomingMessage, ServerResponse } from 'node:http'
import { hostname, networkInterfaces } from 'node:os'
import { parseDuration } from '../config/duration.ts'

export interface WhoamiState {
  readonly name: string
  /** Milliseconds that each answer takes when the request names no other time. */
  readonly delay: number
  /** The service is on its way out: each answer is the connection's last. */
  closing(): boolean
}

/** Milliseconds; a longer wait is nobody's test. */
const LONGEST_WAIT = 600_000

/** Tells the client about this service and about its own request, as it arrived. */
export function answerWhoami(request: IncomingMessage, response: ServerResponse, state: WhoamiState): void {
  const url = new URL(request.url ?? '/', 'http://whoami')
  const asked = url.searchParams.get('wait')
  const wait = asked === null ? state.delay : parseDuration(asked)
  request.resume()
  if (wait === undefined || wait < 0 || wait > LONGEST_WAIT) {
    return send(response, state, 400, 'text/plain', 'wait: expected a duration of at most ten minutes\n')
  }
  const answer = (): void => answerNow(url.pathname, request, response, state)
  const timer = wait > 0 && url.pathname !== '/health' ? setTimeout(answer, wait) : undefined
  if (!timer) return answer()
  response.on('close', () => clearTimeout(timer))
}

function answerNow(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  state: WhoamiState,
): void {
  if (path === '/health') return send(response, state, 200, 'text/plain', '')
  if (path === '/api')
    return send(response, state, 200, 'application/json', `${JSON.stringify(asData(request, state))}\n`)
  send(response, state, 200, 'text/plain; charset=utf-8', asText(request, state))
}

function send(
  response: ServerResponse,
  state: WhoamiState,
  status: number,
  type: string,
  body: string,
): void {
  if (response.destroyed) return
  if (state.closing()) response.setHeader('Connection', 'close')
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

function asText(request: IncomingMessage, { name }: WhoamiState): string {
  const lines = name === '' ? [] : [`Name: ${name}`]
  lines.push(`Hostname: ${hostname()}`, ...addresses().map((address) => `IP: ${address}`))
  lines.push(`RemoteAddr: ${remoteAddress(request)}`)
  lines.push(`${request.method} ${request.url} HTTP/${request.httpVersion}`)
  for (const [key, value] of headersOf(request)) lines.push(`${key}: ${value}`)
  return `${lines.join('\n')}\n\n`
}

function asData(request: IncomingMessage, { name }: WhoamiState): object {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const [key, value] of headersOf(request)) (headers[key] ??= []).push(value)
  return {
    hostname: hostname(),
    ip: addresses(),
    headers,
    url: request.url,
    host: request.headers.host ?? '',
    method: request.method,
    ...(name === '' ? {} : { name }),
    remoteAddr: remoteAddress(request),
  }
}

/** In the order and the letters in which they arrived. */
function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  return pairs
}

function addresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? [])
}

function remoteAddress({ socket: { remoteAddress: address = '', remotePort } }: IncomingMessage): string {
  return `${address.includes(':') ? `[${address}]` : address}:${remotePort}`
}
