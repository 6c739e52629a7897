import { defineMatcher } from '../matcher.ts'
import { checkPath } from './arguments/path.ts'

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
