import { checkPath } from '../match-argument.ts'
import { defineMatcher } from '../matcher.ts'

export default defineMatcher({
  name: 'Path',
  summary: 'The path is exactly this one.',
  parameters: ['path'],
  check: checkPath,
  create:
    ([path]) =>
    (request) =>
      request.matchPath === path,
})
