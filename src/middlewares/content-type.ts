import type { Request, Response } from '../middleware.ts'
import { defineMiddleware } from '../middleware.ts'
import { readable } from './buffers/readable.ts'
import { SNIFFED_BYTES, sniffMediaType } from './sniffing/media-type.ts'

export default defineMiddleware({
  summary: 'Says of answers without `Content-Type` what they are, by their first bytes.',
  options: (field) => ({
    autoDetect: field.boolean('Without effect: it is what this middleware is for.').optional(),
  }),

  create() {
    return {
      response(response, request): void | Promise<void> {
        const { body } = response
        if (!isOpen(response, request) || body === null) return undefined
        if (typeof body === 'string') return name(response, Buffer.from(body.slice(0, SNIFFED_BYTES)))
        const first = body.peek()
        if (first !== undefined) return name(response, first)
        if (body.complete || body.error) return undefined
        // Never for more than its first bytes, which the client could do nothing without either.
        return readable(body, request).then(() => name(response, body.peek()))
      },
    }
  },
})

/** Whether the answer says nothing of its type and its bytes can tell: those of a coding say only what coding it is. */
function isOpen({ headers, status, tunnel }: Response, { method }: Request): boolean {
  if (method === 'HEAD' || tunnel || status < 200 || status === 204 || status === 304) return false
  return !headers.has('Content-Type') && !headers.has('Content-Encoding')
}

function name({ headers }: Response, bytes: Buffer | undefined): void {
  if (bytes && bytes.length > 0) headers.append('Content-Type', sniffMediaType(bytes))
}
