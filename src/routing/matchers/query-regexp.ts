import { compileRegex } from '../../config/regex.ts'
import { defineMatcher } from '../matcher.ts'
import { checkRegex } from './arguments/regex.ts'
import { queryValues } from './values/query-values.ts'

export default defineMatcher({
  name: 'QueryRegexp',
  summary: 'Some value of this query key matches the regular expression; without one: as `Query`.',
  parameters: ['key', 'regexp?'],
  check: (args) => checkRegex(args, 1),
  create([key, source]) {
    if (source === undefined) return ({ query }) => queryValues(query, key!).includes('')
    const regex = compileRegex(source)
    return ({ query }) => query !== '' && queryValues(query, key!).some((value) => regex.test(value))
  },
})
