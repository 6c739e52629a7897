import { regexComplaint } from '../../../config/regex.ts'

/** The complaint about the regular expression in this argument, or undefined; one that is left out is right. */
export function checkRegex(
  args: readonly string[],
  argument: number,
): { argument: number; message: string } | undefined {
  const source = args[argument]
  const message = source === undefined ? undefined : regexComplaint(source)
  return message === undefined ? undefined : { argument, message }
}
