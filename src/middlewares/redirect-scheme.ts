import type { Request } from '../middleware.ts'
import { defineMiddleware, Response } from '../middleware.ts'
import { compileRedirect } from './redirects/redirect.ts'

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

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

  foreseeable: true,

  create({ scheme, port: wantedPort, permanent }) {
    const port = wantedPort === undefined ? '' : portText(scheme, String(wantedPort))
    const redirect = compileRedirect(permanent)
    return {
      request(request): Response | undefined {
        const host = hostOf(request.authority)
        if (host === '') return Response.because('BR')
        if (request.scheme === scheme && portOf(request) === port) return undefined
        const path = request.path === '*' ? '/' : request.path
        return redirect(request, `${scheme}://${host}${port}${path}${request.query}`)
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
