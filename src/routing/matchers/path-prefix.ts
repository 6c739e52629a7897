import { defineMatcher } from '../matcher.ts'
import { checkPath } from './arguments/path.ts'

export default defineMatcher({
  name: 'PathPrefix',
  summary: 'The path begins with this text: `/products` also matches `/products-for-sale`.',
  parameters: ['prefix'],
  check: checkPath,
  create:
    ([prefix]) =>
    (request) =>
      request.matchPath.startsWith(prefix!),
})
