import assert from 'node:assert/strict'
import { decode } from '../../src/config/decode.ts'
import { fields } from '../../src/config/fields.ts'
import type { OptionsOf, Shape } from '../../src/config/fields.ts'
import { fromPlain } from '../../src/config/source-tree.ts'
import type { Middleware, MiddlewareDefinition, MiddlewareTools } from '../../src/middleware.ts'
import { HeaderList, Response } from '../../src/middleware.ts'
import { Request } from '../../src/proxy/request.ts'

export const TOOLS: MiddlewareTools = {
  name: 'tested@file',
  verifyPassword: () => Promise.reject(new Error('no password is expected to be checked here')),
  service: () => () => {
    throw new Error('no service is expected to be asked here')
  },
  retryBudget: () => ({ request: () => {}, take: () => true }),
  report: (message) => {
    throw new Error(`nothing is expected to be reported here: ${message}`)
  },
}

/** The middleware of these options as a file would give them; fails when they are refused. */
export function makeMiddleware<S extends Shape>(
  definition: MiddlewareDefinition<S>,
  options: Record<string, unknown>,
  tools: MiddlewareTools = TOOLS,
): Middleware {
  const value = decodeOptions(definition, options)
  const complaint = definition.check?.(value)
  assert.equal(complaint, undefined)
  return definition.create(value, withShared(definition, value, tools))
}

/** The tools of the only worker, with the memory that the definition asks for. */
export function withShared<S extends Shape>(
  { shared }: MiddlewareDefinition<S>,
  options: OptionsOf<S>,
  tools: MiddlewareTools = TOOLS,
): MiddlewareTools {
  return shared ? { ...tools, shared: { memory: shared.create(options, 1), worker: 0, workers: 1 } } : tools
}

/** What `check` says about these options. */
export function complaintAbout<S extends Shape>(
  definition: MiddlewareDefinition<S>,
  options: Record<string, unknown>,
): string | undefined {
  return definition.check?.(decodeOptions(definition, options))
}

export function decodeOptions<S extends Shape>(
  definition: MiddlewareDefinition<S>,
  options: Record<string, unknown>,
) {
  const { value, problems } = decode(
    definition.options(fields),
    fromPlain(options, { source: 'test.yml', line: 1 }),
  )
  assert.ok(value, problems.map((problem) => problem.message).join('\n'))
  return value
}

export interface RequestSketch {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: readonly string[]
  readonly authority?: string
  readonly scheme?: 'http' | 'https'
  readonly clientAddress?: string
}

/** A request as the engine would have made it. */
export function makeRequest(sketch: RequestSketch = {}): Request {
  const request = new Request()
  request.method = sketch.method ?? 'GET'
  request.path = sketch.path ?? '/'
  request.query = sketch.query ?? ''
  request.authority = sketch.authority ?? 'example.com'
  request.host = request.authority.replace(/:\d+$/, '').toLowerCase()
  request.scheme = sketch.scheme ?? 'http'
  request.clientAddress = sketch.clientAddress ?? '192.0.2.1'
  request.headers = new HeaderList(['Host', request.authority, ...(sketch.headers ?? [])])
  return request
}

/** A response as an endpoint would have given it. */
export function makeResponse(headers: readonly string[] = [], status = 200): Response {
  return new Response(status, new HeaderList([...headers]), 'hello')
}

/** The answer of the request phase, which is expected not to wait. */
export function answerNow(middleware: Middleware, request: Request): Response | undefined {
  const answer = middleware.request?.(request)
  assert.ok(!(answer instanceof Promise), 'the answer was not given at once')
  return answer ?? undefined
}
