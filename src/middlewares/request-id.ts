import { randomBytes, randomUUID } from 'node:crypto'
import type { Request } from '../middleware.ts'
import { defineMiddleware } from '../middleware.ts'

/** What an id may consist of: it ends up in logs and in other programs' hands. */
const SOUND_ID = /^[A-Za-z0-9._:+/=@-]{1,128}$/
/** RFC 9110 §5.6.2. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** W3C Trace Context §3.2: version, trace id, parent id, flags; ids of zeros and version ff are none. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

export default defineMiddleware({
  summary:
    'Gives each request an id, for the service and for the client, and keeps the W3C trace context that it came with.',
  options: (field) => ({
    headerName: field
      .string(
        'The field that carries the id: a random one, or that of the trace which the request belongs to.',
      )
      .default('X-Request-Id'),
    trustIncoming: field
      .boolean(
        'Keeps the id that a request comes with when it is at most 128 letters, digits and `._:+/=@-`.',
      )
      .default(false),
    responseHeader: field.boolean('Sends the id to the client as well.').default(true),
    traceContext: field
      .boolean('Begins a trace (`traceparent`) where there is none; a sound one is passed on as it is.')
      .default(false),
  }),

  check({ headerName }) {
    return FIELD_NAME.test(headerName)
      ? undefined
      : `\`headerName\`: \`${headerName}\` is no name of a header field`
  },

  create({ headerName, trustIncoming, responseHeader, traceContext }) {
    return {
      request(request): void {
        request.headers.set(headerName, idOf(request, trustIncoming ? headerName : undefined))
        if (traceContext && traceIdOf(request) === undefined) beginTrace(request)
      },
      ...(responseHeader && {
        response(response, request): void {
          // What a middleware behind this one took out of the request is not invented anew.
          const id = request.headers.get(headerName)
          if (id !== undefined) response.headers.set(headerName, id)
        },
      }),
    }
  },
})

/** Its own id, where that is trusted; the id of its trace, so that logs and traces can be brought together; or a new one. */
function idOf(request: Request, trusted: string | undefined): string {
  const own = trusted === undefined ? undefined : request.headers.get(trusted)
  if (own !== undefined && SOUND_ID.test(own)) return own
  return traceIdOf(request) ?? randomUUID()
}

/** Of the trace that the request belongs to; undefined when it belongs to none, or says so wrongly. */
function traceIdOf({ headers }: Request): string | undefined {
  const fields = headers.getAll('traceparent')
  return fields.length === 1 ? TRACEPARENT.exec(fields[0]!)?.[1] : undefined
}

/** W3C Trace Context §3.3.1.1: who begins a trace drops a `tracestate` that belongs to none. */
function beginTrace({ headers }: Request): void {
  headers.delete('tracestate')
  headers.set('traceparent', `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`)
}
