import { defineMatcher } from '../matcher.ts'
import { queryValues } from '../query.ts'

export default defineMatcher({
  name: 'Query',
  summary: 'Some value of this query key is exactly this one; without a value: the key is there with an empty one.',
  parameters: ['key', 'value?'],
  create:
    ([key, value = '']) =>
    ({ query }) =>
      query !== '' && queryValues(query, key!).includes(value),
})
