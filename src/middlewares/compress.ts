import type { Request, Response } from '../middleware.ts'
import { Body, defineMiddleware } from '../middleware.ts'
import { chosenCoding } from './compress/accept-encoding.ts'
import type { Coding } from './compress/accept-encoding.ts'
import { compressed } from './compress/compressed-body.ts'
import { gains, mediaType, mediaTypeComplaint } from './compress/media-types.ts'

const CODINGS = ['gzip', 'br', 'zstd'] as const
/** Its messages are compressed one by one, if at all. */
const GRPC = 'application/grpc'

export default defineMiddleware({
  summary: 'Compresses answers for clients that take them so: gzip, brotli or zstd.',
  options: (field) => ({
    encodings: field
      .list(
        'Codings on offer; of those that a client likes equally, the first is taken.',
        field.choice('One of them.', CODINGS),
      )
      .default([...CODINGS]),
    excludedContentTypes: field
      .list(
        'Media types of requests and answers that are left alone, `application/grpc` in any case.',
        field.string('Such as `text/event-stream`.'),
      )
      .default([]),
    includedContentTypes: field
      .list(
        'Media types of answers that are compressed, and no others; left out: all that gain by it, so no images, video or archives.',
        field.string('Such as `text/html`.'),
      )
      .default([]),
    minResponseBodyBytes: field
      .bytes('Smaller answers are left alone, where their length is known when they begin.')
      .default(1_024),
    defaultEncoding: field
      .choice('Taken for clients that do not say what they take; left out: none.', CODINGS)
      .optional(),
  }),

  check({ encodings, excludedContentTypes, includedContentTypes, defaultEncoding }) {
    if (encodings.length === 0) return '`encodings` is empty, so nothing would be compressed'
    if (defaultEncoding !== undefined && !encodings.includes(defaultEncoding))
      return `\`defaultEncoding\`: \`${defaultEncoding}\` is not among \`encodings\``
    if (excludedContentTypes.length > 0 && includedContentTypes.length > 0)
      return '`excludedContentTypes` and `includedContentTypes` exclude each other'
    for (const type of [...excludedContentTypes, ...includedContentTypes]) {
      const complaint = mediaTypeComplaint(type)
      if (complaint) return complaint
    }
    return undefined
  },

  create({ encodings, excludedContentTypes, includedContentTypes, minResponseBodyBytes, defaultEncoding }) {
    const excluded = new Set([GRPC, ...excludedContentTypes.map(mediaType)])
    const included = new Set(includedContentTypes.map(mediaType))
    const takes = (type: string): boolean =>
      !excluded.has(type) && (included.size > 0 ? included.has(type) : gains(type))
    return {
      response(response, request): void {
        if (!mayTransform(response, request, minResponseBodyBytes)) return
        if (excluded.has(mediaType(request.headers.get('Content-Type') ?? ''))) return
        if (!takes(mediaType(response.headers.get('Content-Type') ?? ''))) return
        // Also where this client takes it as it is: caches must ask again for the next one.
        addVary(response)
        const accepted = request.headers.getAll('Accept-Encoding')
        const coding = accepted.length === 0 ? defaultEncoding : chosenCoding(accepted.join(), encodings)
        if (coding !== undefined) compress(response, coding)
      },
    }
  },
})

/** Whether the answer has a whole body that is no secret of the endpoint's and long enough. */
function mayTransform({ status, headers, body, tunnel }: Response, request: Request, least: number): boolean {
  if (request.method === 'HEAD' || body === null || tunnel || status === 206 || status < 200) return false
  if (status === 204 || status === 304 || headers.has('Content-Encoding') || headers.has('Content-Range'))
    return false
  if (/\bno-transform\b/i.test(headers.getAll('Cache-Control').join())) return false
  const length = typeof body === 'string' ? Buffer.byteLength(body) : lengthOf(body)
  return length === undefined || length >= least
}

/** What is known of it: all has come already, or its length was announced. */
function lengthOf(body: Body): number | undefined {
  return body.length ?? (body.complete ? body.received : undefined)
}

function compress(response: Response, coding: Coding): void {
  const { headers, body } = response
  const source = typeof body === 'string' ? Body.of(Buffer.from(body)) : body!
  response.body = compressed(source, coding)
  headers.delete('Content-Length')
  headers.delete('Accept-Ranges')
  headers.set('Content-Encoding', coding)
  // Byte for byte it is another representation now (RFC 9110 §8.8.1).
  const tag = headers.get('ETag')
  if (tag?.startsWith('"')) headers.set('ETag', `W/${tag}`)
}

function addVary({ headers }: Response): void {
  const vary = headers.getAll('Vary').join()
  if (!/(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(vary)) headers.append('Vary', 'Accept-Encoding')
}
