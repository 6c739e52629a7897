/**
 * What the package `tidegate` gives to private plug-ins: the types of the middleware contract, and what answers are
 * made of. Whatever copy of the package a plug-in has beside it, in a running proxy these are the proxy's own.
 */
import type { Shape } from './config/fields.ts'
import type { MiddlewareDefinition } from './middleware.ts'

export { Body, HeaderList, Response } from './middleware.ts'
export type {
  BodyProducer,
  Middleware,
  MiddlewareTools,
  Next,
  PreparationTools,
  Request,
  Shared,
  SharedState,
  WhyCode,
} from './middleware.ts'
export type { Fields, OptionsOf, Shape } from './config/fields.ts'

/** The default export of a plug-in, to be checked by `satisfies Plugin<ReturnType<typeof options>>`. */
export type Plugin<S extends Shape = Shape> = Omit<MiddlewareDefinition<S>, 'expand'>
