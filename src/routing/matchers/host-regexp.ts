import { compileRegex } from '../../config/regex.ts'
import { defineMatcher } from '../matcher.ts'
import { placeholderIn } from './arguments/placeholder.ts'
import { checkRegex } from './arguments/regex.ts'

export default defineMatcher({
  name: 'HostRegexp',
  summary: 'The host, in lower case and without its port, matches the regular expression anywhere.',
  parameters: ['regexp'],
  check(args) {
    const message = complaint(args[0]!)
    return message === undefined ? checkRegex(args, 0) : { argument: 0, message }
  },
  create([source]) {
    const regex = compileRegex(source!)
    return (request) => regex.test(request.host)
  },
})

function complaint(source: string): string | undefined {
  const placeholder = placeholderIn(source)
  if (placeholder !== undefined)
    return `\`${placeholder}\` is a placeholder of Traefik version 2, which matches nothing here`
  if (/\P{ASCII}/u.test(source)) return `\`${source}\` is not ASCII; write hosts in punycode (\`xn--…\`)`
  return undefined
}
