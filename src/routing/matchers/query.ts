import { defineMatcher } from '../matcher.ts'
import { queryValues } from './values/query-values.ts'

export default defineMatcher({
  name: 'Query',
  summary:
    'Some value of this query key is exactly this one; without a value: the key is there with an empty one.',
  parameters: ['key', 'value?'],
  check: ([key, value]) =>
    value === undefined && key!.includes('=')
      ? { argument: 0, message: `\`${key}\` is not the name of a key` }
      : undefined,
  create:
    ([key, value = '']) =>
    ({ query }) =>
      query !== '' && queryValues(query, key!).includes(value),
})
