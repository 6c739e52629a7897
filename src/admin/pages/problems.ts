import type { Page } from '../page.ts'
import { PROBLEM, problemInfos } from '../problem-view.ts'
import { listOf } from '../schema.ts'
import type { Problem } from '../../config/problem.ts'

/** Nothing vanishes: every instance, tag, router and file that is not served as written is listed here. */
export function problemPages(problems: () => readonly Problem[]): Page[] {
  return [
    {
      method: 'GET',
      path: '/api/problems',
      summary:
        'Everything that is not served as written: what, where, why, and what to do. Causes come first.',
      parameters: {
        severity: 'Only `error`, or only `warning`.',
        source: 'Only those of this file or provider.',
      },
      answers: listOf(PROBLEM),
      answer: ({ query }) => {
        const [severity, source] = [query.get('severity'), query.get('source')]
        const body = problemInfos(problems()).filter(
          (problem) =>
            (severity === null || problem.severity === severity) &&
            (source === null || problem.source === source),
        )
        return { status: 200, body }
      },
    },
  ]
}
