import { suggest } from './suggest.ts'

/** What stands in the place of a secret. */
export const MASK = '***'

/** Words that keys of secrets are made of; a misspelt one counts as well. */
const SECRET_WORDS = [
  'token',
  'password',
  'passwd',
  'secret',
  'secretaccesskey',
  'accesskeyid',
  'credential',
  'credentials',
  'apikey',
  'privatekey',
  'authorization',
  'users',
  'httpauth',
  'auth',
]

/**
 * A line of configuration as it may be shown: without the given secrets, without what stands behind keys that sound
 * like secrets, without password hashes and passwords in URLs. Rather masks too much than too little.
 */
export function maskLine(line: string, secrets: Iterable<string> = []): string {
  let result = line
  for (const secret of secrets) if (secret !== '') result = result.replaceAll(secret, MASK)
  result = result.replaceAll(/:\/\/[^/\s@]*@/g, `://${MASK}@`)
  result = result.replaceAll(/[^\s"',[\]]*(?:\$(?:apr1|2[abxy]|1|5|6)\$|\{SHA\})[^\s"',\]]*/g, MASK)
  return maskNamed(result)
}

/** The rest of the line behind the first key that sounds like a secret. */
function maskNamed(line: string): string {
  for (const found of line.matchAll(/([A-Za-z][\w-]*)["']?\s*[:=]\s*(?=[^\s{])/g)) {
    const start = found.index + found[0].length
    if (soundsSecret(found[1]!)) return line.slice(0, start) + MASK
  }
  return line
}

/** Whether a key of this name is likely to hold a secret. */
export function soundsSecret(key: string): boolean {
  const word = key.toLowerCase().replaceAll(/[-_]/g, '')
  return SECRET_WORDS.some((one) => word.includes(one)) || suggest(word, SECRET_WORDS) !== undefined
}
