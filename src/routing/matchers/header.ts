import { defineMatcher } from '../matcher.ts'

export default defineMatcher({
  name: 'Header',
  summary: 'Some field of this name has exactly this value.',
  parameters: ['name', 'value'],
  create:
    ([name, value]) =>
    ({ headers }) =>
      headers.has(name!) && headers.getAll(name!).includes(value!),
})
