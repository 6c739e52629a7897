import { compileRegex } from '../../config/regex.ts'
import { checkRegex } from '../match-argument.ts'
import { defineMatcher } from '../matcher.ts'

export default defineMatcher({
  name: 'HostRegexp',
  summary: 'The host, in lower case and without its port, matches the regular expression anywhere.',
  parameters: ['regexp'],
  check: (args) => checkRegex(args, 0),
  create([source]) {
    const regex = compileRegex(source!)
    return (request) => regex.test(request.host)
  },
})
