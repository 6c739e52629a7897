import { STATUS_TEXT } from '../../middleware.ts'
import type { Fields, OptionsOf } from '../../config/fields.ts'
import type { Request } from '../../middleware.ts'
import { compileRanges, rangeComplaint } from './ip-ranges.ts'
import { compileIpStrategy, ipStrategyComplaint, ipStrategyOptions } from './ip-strategy.ts'

/** What middlewares that judge clients by their address are told. */
export const sourceOptions = (field: Fields, doc: string) => ({
  sourceRange: field.list(doc, field.string('IP address or CIDR range.')),
  ipStrategy: field
    .section(
      "Which address counts as the client's; left out: that of the connection.",
      ipStrategyOptions(field),
    )
    .optional(),
  rejectStatusCode: field
    .integer('Status of the answer to those who may not pass; its text is the body.', { min: 400, max: 599 })
    .default(403),
})
export type SourceOptions = OptionsOf<ReturnType<typeof sourceOptions>>

/** What is wrong with them, as a sentence; `empty` says what an empty list would lead to. */
export function sourceComplaint(
  { sourceRange, ipStrategy, rejectStatusCode }: SourceOptions,
  empty: string,
): string | undefined {
  if (sourceRange.length === 0) return `\`sourceRange\` is empty, so ${empty}`
  if (STATUS_TEXT[rejectStatusCode] === undefined)
    return `\`rejectStatusCode\`: ${rejectStatusCode} is no status of HTTP`
  for (const range of sourceRange) {
    const complaint = rangeComplaint(range)
    if (complaint) return `\`sourceRange\`: ${complaint}`
  }
  return ipStrategy && ipStrategyComplaint(ipStrategy)
}

/** Whether a request comes from one of the ranges; undefined when the address that counts is not there. */
export function compileSourceTest({
  sourceRange,
  ipStrategy,
}: SourceOptions): (request: Request) => boolean | undefined {
  const isListed = compileRanges(sourceRange)
  const addressOf = compileIpStrategy(ipStrategy)
  return (request) => {
    const address = addressOf(request)
    return address === undefined ? undefined : isListed(address)
  }
}
