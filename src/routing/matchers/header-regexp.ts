import { compileRegex } from '../../config/regex.ts'
import { defineMatcher } from '../matcher.ts'
import { checkRegex } from './arguments/regex.ts'
import { checkToken } from './arguments/token.ts'
import { textOfBytes } from './values/field-text.ts'

export default defineMatcher({
  name: 'HeaderRegexp',
  summary: 'The value of some field of this name matches the regular expression anywhere.',
  parameters: ['name', 'regexp'],
  check: (args) => checkToken(args, 0, 'field name') ?? checkRegex(args, 1),
  create([name, source]) {
    const regex = compileRegex(source!)
    return ({ headers }) =>
      headers.has(name!) && headers.getAll(name!).some((value) => regex.test(textOfBytes(value)))
  },
})
