import { defineMatcher } from '../matcher.ts'
import { checkToken } from './arguments/token.ts'

export default defineMatcher({
  name: 'Method',
  summary: 'The method is this one.',
  parameters: ['method'],
  check: (args) => checkToken(args, 0, 'method'),
  create([method]) {
    const wanted = method!.toUpperCase()
    return (request) => request.method === wanted
  },
})
