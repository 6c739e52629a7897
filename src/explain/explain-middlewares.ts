import { isDeepStrictEqual } from 'node:util'
import { fields } from '../config/fields.ts'
import type { Shape, z } from '../config/fields.ts'
import { shown } from '../config/shown.ts'
import type { RoutingConfig } from '../discovery/routing-config.ts'
import type { RoutingContext } from '../discovery/source.ts'
import type { MiddlewareDefinition, MiddlewareTools } from '../middleware.ts'
import type { Request } from '../proxy/request.ts'
import type { Response } from '../proxy/response.ts'

export interface ExplainedMiddleware {
  readonly name: string
  readonly type: string
  /** What it does in general, in words. */
  readonly effect: string
  /** Its options that differ from the defaults, secrets masked. */
  readonly options: Readonly<Record<string, unknown>>
  /** What it does to this request, where that can be told beforehand. */
  readonly here?: string
  /** It answers the request itself: nothing behind it is reached. */
  readonly answers?: true
}

type Definitions = RoutingContext['middlewares']

/** The middlewares of a chain in their order, each with its effect. Changes `request` as those would that can be foretold. */
export function explainMiddlewares(
  names: readonly string[],
  middlewares: RoutingConfig['middlewares'],
  definitions: Definitions,
  request: Request,
): ExplainedMiddleware[] {
  const explained: ExplainedMiddleware[] = []
  for (const name of names) {
    const middleware = middlewares.get(name)
    if (!middleware) continue
    const { type, options } = middleware
    const definition = definitions.get(type)
    const here = definition?.foreseeable ? tried(name, definition, options, request) : {}
    explained.push({
      name,
      type,
      effect: definition?.summary ?? 'a plug-in that is not loaded',
      options: definition ? chosenOptions(definition, options) : {},
      ...here,
    })
    if ('answers' in here) break
  }
  return explained
}

/** What such a middleware does to the request, found out by letting it. */
function tried(
  name: string,
  definition: MiddlewareDefinition,
  options: Readonly<Record<string, unknown>>,
  request: Request,
): Pick<ExplainedMiddleware, 'here' | 'answers'> {
  const before = { path: request.path, query: request.query }
  try {
    const response = definition.create(options, toolsFor(name)).request?.(request)
    if (response && !(response instanceof Promise)) return { here: answerText(response), answers: true }
  } catch (error) {
    return { here: `cannot be foretold: ${(error as Error).message}` }
  }
  const after = `${request.path}${request.query}`
  const same = after === `${before.path}${before.query}`
  return { here: same ? 'leaves the request as it is' : `${before.path}${before.query} becomes ${after}` }
}

function answerText(response: Response): string {
  const location = response.headers.get('Location')
  return `answers ${response.status}${location === undefined ? '' : `, to ${location}`}`
}

/** What can be foretold needs none of them. */
function toolsFor(name: string): MiddlewareTools {
  const refuse = (): never => {
    throw new Error('it asks for more than the request')
  }
  return { name, verifyPassword: refuse, service: refuse, retryBudget: refuse, report: () => {} }
}

function chosenOptions(
  { options: shape }: MiddlewareDefinition,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const schema = schemas.getOrInsertComputed(shape, () => fields.section('', shape(fields)))
  const values = shown(schema, options) as Record<string, unknown>
  const { data } = schema.safeParse({})
  const usual = (data === undefined ? {} : shown(schema, data)) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => !isDeepStrictEqual(value, usual[key])),
  )
}

const schemas = new WeakMap<(field: typeof fields) => Shape, z.ZodType>()
