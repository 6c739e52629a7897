import { defineMiddleware, Response, STATUS_TEXT } from '../middleware.ts'
import { compileRanges, rangeComplaint } from './sources/ip-ranges.ts'
import { compileIpStrategy, ipStrategyComplaint, ipStrategyOptions } from './sources/ip-strategy.ts'

export default defineMiddleware({
  summary: 'Lets only clients of certain addresses pass.',
  options: (field) => ({
    sourceRange: field.list('Who may pass.', field.string('IP address or CIDR range.')),
    ipStrategy: field
      .section(
        "Which address counts as the client's; left out: that of the connection.",
        ipStrategyOptions(field),
      )
      .optional(),
    rejectStatusCode: field
      .integer('Status of the answer to all others; its text is the body.', { min: 400, max: 599 })
      .default(403),
  }),

  check({ sourceRange, ipStrategy, rejectStatusCode }) {
    if (sourceRange.length === 0) return '`sourceRange` is empty, so nobody could pass'
    if (STATUS_TEXT[rejectStatusCode] === undefined)
      return `\`rejectStatusCode\`: ${rejectStatusCode} is no status of HTTP`
    for (const range of sourceRange) {
      const complaint = rangeComplaint(range)
      if (complaint) return `\`sourceRange\`: ${complaint}`
    }
    return ipStrategy && ipStrategyComplaint(ipStrategy)
  },

  create({ sourceRange, ipStrategy, rejectStatusCode }) {
    const isAllowed = compileRanges(sourceRange)
    const addressOf = compileIpStrategy(ipStrategy)
    const text = STATUS_TEXT[rejectStatusCode] ?? ''
    return {
      request(request): Response | undefined {
        const address = addressOf(request)
        if (address !== undefined && isAllowed(address)) return undefined
        return Response.because('FB', rejectStatusCode, text)
      },
    }
  },
})
