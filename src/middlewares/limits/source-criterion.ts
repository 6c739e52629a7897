import type { Fields, OptionsOf } from '../../config/fields.ts'
import type { Request } from '../../middleware.ts'
import { compileIpStrategy, ipStrategyComplaint, ipStrategyOptions } from '../sources/ip-strategy.ts'

/** By what requests are counted together. */
export const sourceCriterionOptions = (field: Fields) => ({
  ipStrategy: field
    .section('By the client’s address, found in this way.', ipStrategyOptions(field))
    .optional(),
  requestHeaderName: field.string('By the value of this field of the request.').optional(),
  requestHost: field.boolean('By the host that is asked for.').default(false),
})
export type SourceCriterionOptions = OptionsOf<ReturnType<typeof sourceCriterionOptions>>

export function sourceCriterionComplaint(options: SourceCriterionOptions | undefined): string | undefined {
  if (options === undefined) return undefined
  const { ipStrategy, requestHeaderName, requestHost } = options
  const criteria = [ipStrategy, requestHeaderName, requestHost || undefined].filter(
    (one) => one !== undefined,
  )
  if (criteria.length > 1) return '`sourceCriterion` names several criteria, of which only one can count'
  if (requestHeaderName !== undefined && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(requestHeaderName))
    return `\`sourceCriterion.requestHeaderName\`: \`${requestHeaderName}\` is no name of a header field`
  return ipStrategy && ipStrategyComplaint(ipStrategy)
}

/** Finds what a request is counted by; undefined when the client's address cannot be told. */
export function compileSourceCriterion(
  options: SourceCriterionOptions | undefined,
  fallback: 'clientAddress' | 'host',
): (request: Request) => string | undefined {
  const { ipStrategy, requestHeaderName, requestHost = false } = options ?? {}
  if (requestHeaderName !== undefined) return ({ headers }) => headers.get(requestHeaderName) ?? ''
  if (requestHost || (ipStrategy === undefined && fallback === 'host')) return ({ host }) => host
  return compileIpStrategy(ipStrategy)
}
