import { compileRegex } from '../config/regex.ts'
import type { Next, Request } from '../middleware.ts'
import { Body, defineMiddleware, HeaderList, Response } from '../middleware.ts'
import { gather, GatherError } from './buffers/gathered-body.ts'
import type { GatheredBody } from './buffers/gathered-body.ts'
import { fieldNameComplaint, wireText } from './fields/field-text.ts'
import { AuthClient } from './forward-auth/auth-client.ts'
import type { AuthAnswer } from './forward-auth/auth-client.ts'
import { questionFields } from './forward-auth/question-fields.ts'
import { setCookies } from './forward-auth/set-cookies.ts'

/** Bytes of an answer when nothing else is configured: a page to log in is shorter. */
const MOST_ANSWER = 4 * 1024 * 1024
/** A longer request body waits on disk. */
const IN_MEMORY = 1024 * 1024
/** Fields of the answer that are written anew. */
const OWN = ['Connection', 'Content-Length', 'Date', 'Keep-Alive', 'Trailer', 'Transfer-Encoding', 'Upgrade']

export default defineMiddleware({
  summary: 'Asks another server whether a request may pass.',
  options: (field) => ({
    address: field.string('URL of the server that is asked.'),
    trustForwardHeader: field
      .boolean(
        'Passes on what trusted proxies in front say in `X-Forwarded-*`, rather than what is seen here.',
      )
      .default(false),
    authResponseHeaders: field
      .list(
        'Fields of the answer that are set on the request, in place of what the client sent.',
        field.string('Name of a field.'),
      )
      .default([]),
    authResponseHeadersRegex: field
      .string('The same for all fields whose names match this RE2 expression.')
      .default(''),
    authRequestHeaders: field
      .list('Fields of the request that the server is told; empty: all.', field.string('Name of a field.'))
      .default([]),
    addAuthCookiesToResponse: field
      .list(
        'Cookies of the answer that the client gets with that of the service.',
        field.string('Name of a cookie.'),
      )
      .default([]),
    headerField: field
      .string('Field of the answer that names the user, for the access log; empty: none.')
      .default(''),
    forwardBody: field.boolean('Sends the body of the request, too.').default(false),
    maxBodySize: field
      .bytes('Longest body that is sent; a longer one is answered 401; -1: any.', { min: -1 })
      .default(-1),
    maxResponseBodySize: field
      .bytes('Longest body of an answer; in place of a longer one the client gets 401; -1: 4 MiB.', {
        min: -1,
      })
      .default(-1),
    preserveLocationHeader: field
      .boolean('Passes `Location` of the answer as it is; otherwise a relative one is made absolute.')
      .default(false),
    preserveRequestMethod: field
      .boolean('Asks by the method of the request rather than by GET.')
      .default(false),
    authSigninURL: field
      .string('Where clients are redirected when the answer is 401; empty: nowhere.')
      .default(''),
    tls: field
      .section('How the server is connected to.', {
        ca: field
          .file('PEM file of the authorities that are trusted; default: those of this machine.')
          .optional(),
        cert: field.file('PEM file of the certificate that is shown.').optional(),
        key: field.file('PEM file of its key.').optional(),
        insecureSkipVerify: field.boolean('Takes any certificate.').default(false),
        caOptional: field.boolean('Without effect.').optional(),
      })
      .optional(),
    onError: field
      .choice(
        'What happens when the server cannot be asked: `closed` answers 500, `open` lets the request pass.',
        ['closed', 'open'],
      )
      .default('closed'),
  }),

  check(options) {
    const address = URL.parse(options.address)
    if (address?.protocol !== 'http:' && address?.protocol !== 'https:')
      return '`address` is no URL such as `http://auth.internal:9000/check`'
    const { cert, key } = options.tls ?? {}
    if ((cert === undefined) !== (key === undefined)) return '`tls`: `cert` and `key` go together'
    if (options.authSigninURL !== '' && !URL.canParse(options.authSigninURL))
      return '`authSigninURL` is no URL'
    for (const name of [...options.authResponseHeaders, ...options.authRequestHeaders]) {
      const complaint = fieldNameComplaint(name)
      if (complaint) return complaint
    }
    try {
      compileRegex(options.authResponseHeadersRegex)
    } catch (error) {
      return `\`authResponseHeadersRegex\`: ${(error as Error).message}`
    }
    return undefined
  },

  async prepare(options, tools) {
    if (!options.tls) return options
    const { ca, cert, key, ...rest } = options.tls
    const text = (path: string | undefined) => (path === undefined ? undefined : tools.readText(path))
    const [caText, certText, keyText] = await Promise.all([text(ca), text(cert), text(key)])
    return { ...options, tls: { ...rest, ca: caText, cert: certText, key: keyText } }
  },

  create(options, { report }) {
    const { maxBodySize, maxResponseBodySize, forwardBody, preserveRequestMethod } = options
    const address = new URL(options.address)
    const client = new AuthClient(
      address,
      options.tls,
      maxResponseBodySize < 0 ? MOST_ANSWER : maxResponseBodySize,
    )
    const { authRequestHeaders } = options
    const passed =
      authRequestHeaders.length === 0
        ? undefined
        : new Set(authRequestHeaders.map((name) => name.toLowerCase()))
    const isSet = setFields(options)
    const isCookie = new Set(options.addAuthCookiesToResponse)
    return {
      async around(request, next): Promise<Response> {
        let body: GatheredBody | undefined
        if (forwardBody && request.body) {
          const gathered = await bodyOf(request)
          if (gathered instanceof Response) return gathered
          body = gathered
        }
        const answer = await ask(request, body)
        if (answer instanceof Response) return answer
        if (body) request.body = body.next()
        if (answer) return judged(request, answer, next)
        // Nobody has said who this is, least of all the client.
        takeOver(request.headers, new HeaderList(), isSet)
        return next(request)
      },
    }

    async function bodyOf(request: Request): Promise<GatheredBody | Response> {
      try {
        return await gather(
          request.body!,
          { most: maxBodySize === 0 ? -1 : Math.max(0, maxBodySize), memory: IN_MEMORY },
          request,
        )
      } catch (error) {
        if (!(error instanceof GatherError)) throw error
        if (error.kind === 'too-long') return Response.because('AE', 401, 'Unauthorized')
        if (error.kind === 'broken') return Response.because(request.aborted ? 'DC' : 'BR')
        report(`the body of a request cannot be kept on disk: ${(error.cause as Error).message}`)
        return Response.because('IE')
      }
    }

    /** What the server says; undefined when it cannot be asked and the request may pass all the same. */
    async function ask(
      request: Request,
      body: GatheredBody | undefined,
    ): Promise<AuthAnswer | Response | undefined> {
      const { trustForwardHeader, onError } = options
      const headers = questionFields(request, { passed, trustForwardHeader, withBody: body !== undefined })
      if (body) headers.set('Content-Length', String(body.length))
      const cancel = new AbortController()
      request.onAbort = () => cancel.abort()
      if (request.aborted) return Response.because('DC')
      try {
        const method = preserveRequestMethod ? request.method : 'GET'
        return await client.ask({ method, fields: headers.fields, body: body && (() => body.next()) }, cancel)
      } catch (error) {
        if (request.aborted) return Response.because('DC')
        report(`the authentication server ${address.origin} cannot be asked: ${(error as Error).message}`)
        // What a client can bring about by itself must not open the door to it.
        return onError === 'open' && !isOfTheQuestion(error) ? undefined : Response.because('AE')
      } finally {
        request.onAbort = undefined
      }
    }

    async function judged(request: Request, answer: AuthAnswer, next: Next): Promise<Response> {
      const fields = new HeaderList([...answer.fields])
      if (answer.status < 200 || answer.status >= 300) return refusal(answer, fields)
      const user = options.headerField === '' ? undefined : fields.get(options.headerField)
      if (user !== undefined) request.user = user
      takeOver(request.headers, fields, isSet)
      const response = await next(request)
      if (isCookie.size > 0) setCookies(response.headers, fields, isCookie)
      return response
    }

    function refusal({ status, body }: AuthAnswer, fields: HeaderList): Response {
      if (status === 401 && options.authSigninURL !== '') {
        const response = Response.empty('RD')
        response.headers.append('Location', wireText(options.authSigninURL))
        return response
      }
      if (body === undefined) return Response.because('AE', 401, 'Unauthorized')
      for (const name of OWN) fields.delete(name)
      const location = fields.get('Location')
      const absolute =
        location !== undefined && !options.preserveLocationHeader ? URL.parse(location, address) : null
      if (absolute) fields.set('Location', absolute.href)
      return new Response(status, fields, body.length > 0 ? Body.of(body) : null, 'AR')
    }
  },
})

/** A test for the names of fields that the request gets from the answer. */
function setFields(options: {
  readonly authResponseHeaders: readonly string[]
  readonly authResponseHeadersRegex: string
}): (name: string) => boolean {
  const names = new Set(options.authResponseHeaders.map((name) => name.toLowerCase()))
  const { authResponseHeadersRegex: source } = options
  const regex = source === '' ? undefined : compileRegex(source)
  return (name) => names.has(name.toLowerCase()) || (regex?.test(name) ?? false)
}

/** Fields that the server may set are its own: what the client sent under their names is removed in any case. */
function takeOver(headers: HeaderList, from: HeaderList, isSet: (name: string) => boolean): void {
  const names = new Set([...headers].map(([name]) => name))
  for (const name of names) if (isSet(name)) headers.delete(name)
  for (const [name, value] of from)
    if (isSet(name) && fieldNameComplaint(name) === undefined) headers.append(name, value)
}

/** The question itself cannot be put, which says nothing of the server. */
function isOfTheQuestion(error: unknown): boolean {
  return ['UND_ERR_INVALID_ARG', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  )
}
