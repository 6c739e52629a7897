import { compileRegex } from '../../config/regex.ts'
import { checkRegex } from '../match-argument.ts'
import { defineMatcher } from '../matcher.ts'

export default defineMatcher({
  name: 'HeaderRegexp',
  summary: 'The value of some field of this name matches the regular expression anywhere.',
  parameters: ['name', 'regexp'],
  check: (args) => checkRegex(args, 1),
  create([name, source]) {
    const regex = compileRegex(source!)
    return ({ headers }) => headers.has(name!) && headers.getAll(name!).some((value) => regex.test(value))
  },
})
