import { compileRegex } from '../../config/regex.ts'
import { defineMatcher } from '../matcher.ts'
import { checkRegex } from './arguments/regex.ts'

export default defineMatcher({
  name: 'PathRegexp',
  summary: 'The path matches the regular expression anywhere.',
  parameters: ['regexp'],
  check: (args) => checkRegex(args, 0),
  create([source]) {
    const regex = compileRegex(source!)
    return (request) => regex.test(request.matchPath)
  },
})
