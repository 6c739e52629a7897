import type { WhyCode } from '../middleware.ts'
import { defineMiddleware, Response, STATUS_TEXT } from '../middleware.ts'
import { Breaker, breakerMemory, settleBreaker } from './breaker/breaker.ts'
import type { Measures } from './breaker/breaker.ts'
import { compileCondition, conditionComplaint } from './conditions/condition.ts'
import type { ConditionFunction } from './conditions/condition.ts'

const FUNCTIONS: Readonly<Record<string, ConditionFunction<Measures>>> = {
  NetworkErrorRatio: {
    parameters: [],
    result: 'number',
    ask: ({ measured, now }) => measured.failedRatio(now),
  },
  ResponseCodeRatio: {
    parameters: ['from', 'to', 'dividedByFrom', 'dividedByTo'],
    result: 'number',
    check: (codes) =>
      codes.every((code) => Number.isInteger(code) && code <= 600)
        ? undefined
        : 'statuses are whole numbers up to 600',
    ask: ({ measured, now }, [from = 0, to = 0, of = 0, ofTo = 0]) =>
      measured.statusRatio(now, from, to, of, ofTo),
  },
  LatencyAtQuantileMS: {
    parameters: ['percent'],
    result: 'number',
    check: ([percent = 0]) => (percent <= 100 ? undefined : 'the quantile is a number from 0 to 100'),
    ask: ({ measured, now }, [percent = 0]) => measured.latencyAt(now, percent),
  },
  RequestThreshold: {
    parameters: [],
    result: 'number',
    ask: ({ measured, now }) => measured.total(now),
  },
}

/** Answers that say that no endpoint gave one. */
const NETWORK_ERRORS: ReadonlySet<WhyCode> = new Set(['UF', 'UC', 'UP', 'DT', 'UT'])

const now = (): number => performance.timeOrigin + performance.now()

export default defineMiddleware({
  summary: 'Answers by itself for a while when too much of what the service answers is wrong or late.',
  options: (field) => ({
    expression: field.string(
      'When to open, over the last ten seconds: `NetworkErrorRatio()`, `ResponseCodeRatio(from, to, dividedByFrom, dividedByTo)`, `LatencyAtQuantileMS(percent)` and `RequestThreshold()` (how many requests there were), compared with numbers and joined by `&&`, `||` and `!`.',
    ),
    checkPeriod: field.duration('Time between two looks at the expression.', { min: 1 }).prefault('100ms'),
    fallbackDuration: field.duration('How long nothing passes once it is open.', { min: 1 }).prefault('10s'),
    recoveryDuration: field
      .duration('Then, how long it takes until everything passes again; the share grows evenly.', { min: 1 })
      .prefault('10s'),
    responseCode: field
      .integer('Status of the answers to what does not pass.', { min: 400, max: 599 })
      .default(503),
  }),

  check({ expression, responseCode }) {
    if (STATUS_TEXT[responseCode] === undefined)
      return `\`responseCode\`: ${responseCode} is no status of HTTP`
    const complaint = conditionComplaint(expression, FUNCTIONS)
    return complaint && `\`expression\`: ${complaint}`
  },

  shared: {
    key: () => '',
    create: () => breakerMemory(now()),
    release: ({ memory }) => settleBreaker(memory),
  },

  create({ expression, responseCode, ...durations }, { shared }) {
    const condition = compileCondition(expression, FUNCTIONS)
    const breaker = new Breaker(shared!.memory, { condition, ...durations }, now)
    const text = STATUS_TEXT[responseCode] ?? ''
    const recorded = (response: Response, startedAt: number): Response => {
      const { why, status } = response
      // What a client has given up says nothing about the service.
      if (why !== 'DC')
        breaker.record(status, why !== undefined && NETWORK_ERRORS.has(why), performance.now() - startedAt)
      return response
    }
    return {
      around(request, next) {
        if (!breaker.lets()) return Response.because('CB', responseCode, text)
        const startedAt = performance.now()
        const answer = next(request)
        return answer instanceof Promise
          ? answer.then((response) => recorded(response, startedAt))
          : recorded(answer, startedAt)
      },
    }
  },
})
