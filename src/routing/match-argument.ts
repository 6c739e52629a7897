import { compileRegex } from '../config/regex.ts'

/** What a matcher's check finds wrong with one of its arguments. */
export interface ArgumentError {
  readonly argument: number
  readonly message: string
}

/** The complaint about a regular expression in this argument, or undefined. */
export function checkRegex(args: readonly string[], argument: number): ArgumentError | undefined {
  const source = args[argument]
  if (source === undefined) return undefined
  try {
    compileRegex(source)
    return undefined
  } catch (error) {
    return { argument, message: error instanceof Error ? error.message : String(error) }
  }
}

/** Paths in rules begin with a slash, since those of requests do. */
export function checkPath(args: readonly string[]): ArgumentError | undefined {
  if (args[0]!.startsWith('/')) return undefined
  return { argument: 0, message: `\`${args[0]}\` does not begin with \`/\`, so no path can match it` }
}
