export type Coding = 'gzip' | 'br' | 'zstd'

/** RFC 9110 §12.4.2: at most three digits, and 1 has nothing but zeros behind its point. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/
/** Preferences that are looked at; a client that names more has none. */
const MAX_PREFERENCES = 32

/**
 * The coding that a client likes best of `offered`, the first of equals (RFC 9110 §12.5.3); undefined when it likes
 * it better to get the answer as it is, or takes none of them.
 */
export function chosenCoding(acceptEncoding: string, offered: readonly Coding[]): Coding | undefined {
  const weights = weightsOf(acceptEncoding)
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0
  let best: Coding | undefined
  for (const coding of offered)
    if (weightOf(coding) > (best === undefined ? 0 : weightOf(best))) best = coding
  const identity = weights.get('identity')
  return best !== undefined && identity !== undefined && identity > weightOf(best) ? undefined : best
}

function weightsOf(acceptEncoding: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const preference of acceptEncoding.split(',').slice(0, MAX_PREFERENCES)) {
    const [coding = '', ...parameters] = preference.split(';').map((part) => part.trim().toLowerCase())
    const weight = weightOf(parameters)
    if (coding !== '' && weight !== undefined) weights.set(coding === 'x-gzip' ? 'gzip' : coding, weight)
  }
  return weights
}

/** Undefined when it is malformed: the preference is then none. */
function weightOf(parameters: readonly string[]): number | undefined {
  if (parameters.length === 0) return 1
  const [name, value = ''] = parameters[0]!.split('=').map((part) => part.trim())
  return name === 'q' && WEIGHT.test(value) ? Number(value) : undefined
}
