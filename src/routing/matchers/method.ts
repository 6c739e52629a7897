import { defineMatcher } from '../matcher.ts'

export default defineMatcher({
  name: 'Method',
  summary: 'The method is this one.',
  parameters: ['method'],
  create([method]) {
    const wanted = method!.toUpperCase()
    return (request) => request.method === wanted
  },
})
