/** Doubles with each step; bcryptjs takes about 4 s at 16, which is what a request may wait at most. */
const MOST_BCRYPT_ROUNDS = 15

const KINDS = [
  /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/,
  /^\$(?:apr1|1)\$[^$]{1,8}\$[./A-Za-z0-9]{22}$/,
  /^\{SHA\}[A-Za-z0-9+/]{27}=$/,
]

/** The lines of an htpasswd file that hold users: neither empty nor comments. */
export function htpasswdLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** What is wrong with `name:hash`, as a sentence that never holds the hash, or undefined. */
export function htpasswdComplaint(entry: string): string | undefined {
  const colon = entry.indexOf(':')
  if (colon <= 0) return 'a user must be written `name:hash`, as `htpasswd -nB name` prints it'
  const name = entry.slice(0, colon)
  const hash = entry.slice(colon + 1)
  if (/\p{Cc}/u.test(name)) return 'the name of a user holds a control character'
  // `$$` is what Compose files need; passed on by anything else it is the commonest reason for a dead login.
  if (hash.startsWith('$$'))
    return `the hash of user \`${name}\` begins with \`$$\`; write each dollar sign once`
  if (!KINDS.some((kind) => kind.test(hash))) {
    return `the hash of user \`${name}\` is not one of bcrypt, MD5 (apr1) or SHA-1; make one with \`htpasswd -nB ${name}\``
  }
  if (hash.startsWith('$2') && Number(hash.slice(4, 6)) > MOST_BCRYPT_ROUNDS) {
    return `the hash of user \`${name}\` has a cost above ${MOST_BCRYPT_ROUNDS}, which takes seconds to check; make one with \`htpasswd -nB -C 10 ${name}\``
  }
  return undefined
}

/** Hashes by name. Of two entries with the same name, the first counts. */
export function usersOf(entries: readonly string[]): Map<string, string> {
  const users = new Map<string, string>()
  for (const entry of entries) {
    const colon = entry.indexOf(':')
    const name = entry.slice(0, colon)
    if (!users.has(name)) users.set(name, entry.slice(colon + 1))
  }
  return users
}
