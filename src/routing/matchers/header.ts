import { defineMatcher } from '../matcher.ts'
import { checkToken } from './arguments/token.ts'
import { bytesOfText } from './values/field-text.ts'

export default defineMatcher({
  name: 'Header',
  summary: 'Some field of this name has exactly this value.',
  parameters: ['name', 'value'],
  check: (args) => checkToken(args, 0, 'field name'),
  create([name, value]) {
    const bytes = bytesOfText(value!)
    return ({ headers }) => headers.has(name!) && headers.getAll(name!).includes(bytes)
  },
})
