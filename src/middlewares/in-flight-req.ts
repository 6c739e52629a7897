import { defineMiddleware, Response } from '../middleware.ts'
import { SharedCounts, sharedCountsMemory } from './limits/shared-counts.ts'
import {
  compileSourceCriterion,
  sourceCriterionComplaint,
  sourceCriterionOptions,
} from './limits/source-criterion.ts'

export default defineMiddleware({
  summary: 'Limits how many requests of a source may be under way at once; more are answered 429.',
  options: (field) => ({
    amount: field.integer('Requests that may be under way, in all workers together.', { min: 1 }),
    sourceCriterion: field
      .section(
        'What counts as a source; left out: the host that is asked for.',
        sourceCriterionOptions(field),
      )
      .optional(),
  }),

  check: ({ sourceCriterion }) => sourceCriterionComplaint(sourceCriterion),

  shared: {
    key: () => '',
    create: (_options, workers) => sharedCountsMemory(workers),
    release: (shared) => new SharedCounts(shared).clear(),
  },

  create({ amount, sourceCriterion }, { shared }) {
    const counts = new SharedCounts(shared!)
    const sourceOf = compileSourceCriterion(sourceCriterion, 'host')
    return {
      request(request): Response | undefined {
        const source = sourceOf(request)
        if (source === undefined) return Response.because('NS')
        const place = counts.enter(source, amount)
        if (place < 0) return Response.because('RL')
        request.whenOver(() => counts.leave(place))
        return undefined
      },
    }
  },
})
