/** The complaint about a name that must be a token (RFC 9110 §5.6.2), as methods and field names are, or undefined. */
export function checkToken(
  args: readonly string[],
  argument: number,
  noun: string,
): { argument: number; message: string } | undefined {
  const token = args[argument] ?? ''
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(token)
    ? undefined
    : { argument, message: `\`${token}\` is no ${noun}` }
}
