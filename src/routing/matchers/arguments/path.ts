import { placeholderIn } from './placeholder.ts'

/** The complaint about a path in a rule, or undefined. */
export function checkPath([path = '']: readonly string[]): { argument: number; message: string } | undefined {
  const message = complaint(path)
  return message === undefined ? undefined : { argument: 0, message }
}

function complaint(path: string): string | undefined {
  if (!path.startsWith('/')) return `\`${path}\` does not begin with \`/\`, so no path can match it`
  if (/[?#]/.test(path)) return `\`${path}\` holds \`${/[?#]/.exec(path)![0]}\`, which no path does`
  const placeholder = placeholderIn(path)
  // A name alone may be meant as it stands; a pattern never is.
  if (placeholder?.includes(':'))
    return `\`${placeholder}\` is a placeholder of Traefik version 2, which matches nothing here`
  return undefined
}
