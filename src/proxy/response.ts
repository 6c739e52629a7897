import type { Body } from './body.ts'
import { HeaderList } from './header-list.ts'
import type { Tunnel } from './tunnel.ts'
import type { WhyCode } from './why.ts'
import { RETRY_LATER, WHY } from './why.ts'

/** A response on its way to the client; it knows no socket. */
export class Response {
  status: number
  readonly headers: HeaderList
  /** Null when there is none. */
  body: Body | string | null
  /** Why the proxy made this answer itself; undefined when it came from an endpoint. */
  readonly why: WhyCode | undefined
  /** After 101: both sides become a byte tunnel. */
  tunnel: Tunnel | undefined = undefined

  constructor(status: number, headers: HeaderList, body: Body | string | null, why?: WhyCode) {
    this.status = status
    this.headers = headers
    this.body = body
    this.why = why
  }

  /** Nobody will read this answer: what it holds of an endpoint is let go. Safe to call at any time. */
  discard(): void {
    if (typeof this.body === 'object') this.body?.cancel()
    this.tunnel?.wire.destroy()
  }

  /** An answer of the proxy's own, with the status and text of its why-code unless told otherwise. */
  static because(why: WhyCode, status: number = WHY[why].status, text: string = WHY[why].text): Response {
    const headers = new HeaderList([
      'Content-Type',
      'text/plain; charset=utf-8',
      'X-Content-Type-Options',
      'nosniff',
    ])
    if (RETRY_LATER.has(why)) headers.append('Retry-After', '1')
    return new Response(status, headers, text, why)
  }

  /** An answer of the proxy's own without a body. */
  static empty(why: WhyCode, status: number = WHY[why].status): Response {
    return new Response(status, new HeaderList(), null, why)
  }
}
