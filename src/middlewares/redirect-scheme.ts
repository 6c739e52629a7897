import type { Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** By method (GET or another, whose method and body must survive) and permanence. */
const STATUS = {
  found: [302, 'Found'],
  temporary: [307, 'Temporary Redirect'],
  moved: [301, 'Moved Permanently'],
  permanent: [308, 'Permanent Redirect'],
} as const

export default defineMiddleware({
  summary: 'Redirects the client to the same URL with another scheme or port.',
  options: (field) => ({
    scheme: field.choice('The scheme that requests have to come with.', ['http', 'https']),
    port: field
      .integer("The port of the new URL; left out: the scheme's own.", { min: 1, max: 65_535 })
      .optional(),
    permanent: field
      .boolean(
        'Answers 301 (other methods than GET: 308) rather than 302 (307), which clients may remember for ever.',
      )
      .default(false),
  }),

  create({ scheme, port: wantedPort, permanent }) {
    const port = wantedPort === undefined ? '' : portText(scheme, String(wantedPort))
    const forGet = permanent ? STATUS.moved : STATUS.found
    const forOthers = permanent ? STATUS.permanent : STATUS.temporary
    return {
      request(request): Response | undefined {
        const host = hostOf(request.authority)
        if (host === '') return Response.because('BR')
        if (request.scheme === scheme && portOf(request) === port) return undefined
        const [status, text] = request.method === 'GET' ? forGet : forOthers
        const response = Response.because('RD', status, text)
        const path = request.path === '*' ? '/' : request.path
        response.headers.append('Location', `${scheme}://${host}${port}${path}${request.query}`)
        return response
      },
    }
  },
})

/** The authority without its port; IPv6 addresses keep their brackets. */
function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '')
}

function portOf(request: Request): string {
  const [, port] = /:(\d+)$/.exec(request.authority) ?? []
  return port === undefined ? '' : portText(request.scheme, port)
}

/** `:8443`, or nothing for the scheme's own port. */
function portText(scheme: string, port: string): string {
  return port === DEFAULT_PORTS[scheme] ? '' : `:${port}`
}
