import { checkPath } from '../match-argument.ts'
import { defineMatcher } from '../matcher.ts'

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
