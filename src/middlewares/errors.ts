import type { Next } from '../middleware.ts'
import { defineMiddleware, HeaderList, Response } from '../middleware.ts'
import { Request } from '../proxy/request.ts'
import { fieldNameComplaint } from './fields/field-text.ts'
import { compileStatuses, parseStatuses } from './fields/status-ranges.ts'

/** Fields that speak of the request's own body, or of a copy of the page that was asked for. */
const NOT_OF_A_PAGE = [
  'Content-Encoding',
  'Content-Language',
  'Content-Location',
  'Content-Type',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'If-Unmodified-Since',
  'Range',
]

export default defineMiddleware({
  summary: 'Puts pages of another service in place of answers that are errors.',
  options: (field) => ({
    status: field
      .list(
        'Statuses whose answers are replaced: `500`, `500-599`.',
        field.string('A status or a range, or several with commas between.'),
      )
      .default([]),
    statusRewrites: field
      .record(
        'Statuses, or ranges of them, and the status that the client gets instead.',
        field.integer('A status.', { min: 200, max: 599 }),
      )
      .default({}),
    service: field.string('The service that is asked for the page.'),
    query: field
      .string(
        'What it is asked for; `{status}` stands for the status that the client gets, `{originalStatus}` for that of the service, `{url}` for path and query of the request.',
      )
      .default('/'),
    errorRequestHeaders: field
      .list(
        'Fields of the request that are passed on when the page is asked for; left out: all.',
        field.string('Name of a field.'),
      )
      .optional(),
  }),

  check({ status, statusRewrites, errorRequestHeaders = [] }) {
    for (const [option, texts] of [
      ['status', status],
      ['statusRewrites', Object.keys(statusRewrites)],
    ] as const) {
      const ranges = parseStatuses(texts)
      if (typeof ranges === 'string') return `\`${option}\`: ${ranges}`
    }
    return errorRequestHeaders.map(fieldNameComplaint).find((complaint) => complaint !== undefined)
  },

  services: ({ service }) => [service],

  create({ status, statusRewrites, service, query, errorRequestHeaders }, tools) {
    const isReplaced = compileStatuses(status)
    const rewrites = Object.entries(statusRewrites).map(
      ([text, to]) => [compileStatuses([text]), to] as const,
    )
    const pages: Next = tools.service(service)
    return {
      async around(request, next): Promise<Response> {
        // The request is changed on its way: what it was here counts.
        const { path, query: search } = request
        const fields = [...request.headers.fields]
        const response = await next(request)
        if (response.tunnel || !isReplaced(response.status)) return response
        const to = rewrites.find(([matches]) => matches(response.status))?.[1] ?? response.status
        const target = pageTarget(query, to, response.status, path + search)
        const page = await pages(pageRequest(request, target, passedOn(fields, errorRequestHeaders)))
        request.onAbort = undefined
        if (page.why !== undefined || page.tunnel) {
          page.discard()
          if (to !== response.status) response.status = to
          return response
        }
        response.discard()
        return new Response(to, page.headers, page.body, response.why)
      },
    }
  },
})

function pageTarget(query: string, status: number, originalStatus: number, url: string): string {
  const target = query
    .replaceAll('{status}', String(status))
    .replaceAll('{originalStatus}', String(originalStatus))
    .replaceAll('{url}', () => encodeURIComponent(url))
  return target.startsWith('/') ? target : `/${target}`
}

function passedOn(fields: string[], names: readonly string[] | undefined): HeaderList {
  const all = new HeaderList(fields)
  for (const name of NOT_OF_A_PAGE) all.delete(name)
  if (names === undefined) return all
  const wanted = new Set(['host', ...names.map((name) => name.toLowerCase())])
  return new HeaderList([...all].filter(([name]) => wanted.has(name.toLowerCase())).flat())
}

/** A request of its own, whose end is none of the client's connection, but for a client that goes away. */
function pageRequest(client: Request, target: string, headers: HeaderList): Request {
  const request = new Request()
  const { scheme, host, authority, clientAddress, clientPort, localPort, entryPoint } = client
  Object.assign(request, { scheme, host, authority, clientAddress, clientPort, localPort, entryPoint })
  const mark = target.indexOf('?')
  request.method = 'GET'
  request.path = mark < 0 ? target : target.slice(0, mark)
  request.query = mark < 0 ? '' : target.slice(mark)
  request.headers = headers
  request.aborted = client.aborted
  client.onAbort = () => {
    request.aborted = true
    request.onAbort?.()
  }
  return request
}
