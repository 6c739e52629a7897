import { createHash } from 'node:crypto'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Which bytes of the digest make up each group of four characters, highest first. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const
const ROUNDS = 1_000

/**
 * The MD5-based crypt that `htpasswd -m` and `openssl passwd -apr1` write: `$apr1$salt$…`, or with the magic `$1$`
 * the one of older Unix systems. Passwords count as UTF-8. See docs/decisions/0004-own-apr1.md for why it is here.
 */
export function md5Crypt(password: string, salt: string, magic: '$apr1$' | '$1$' = '$apr1$'): string {
  const secret = Buffer.from(password, 'utf8')
  const seasoning = Buffer.from(salt.slice(0, 8), 'latin1')
  let digest = firstDigest(secret, seasoning, magic)
  for (let round = 0; round < ROUNDS; round++) digest = roundDigest(round, digest, secret, seasoning)
  return `${magic}${seasoning.toString('latin1')}$${encode(digest)}`
}

function firstDigest(secret: Buffer, salt: Buffer, magic: string): Buffer {
  const inner = md5(secret, salt, secret)
  const hash = createHash('md5').update(secret).update(magic).update(salt)
  for (let left = secret.length; left > 0; left -= 16) hash.update(inner.subarray(0, Math.min(16, left)))
  // One byte for each bit of the length: zero for a set bit, the password's first byte for another.
  for (let bits = secret.length; bits > 0; bits >>= 1)
    hash.update((bits & 1) === 1 ? ZERO : secret.subarray(0, 1))
  return hash.digest()
}

/** The rounds differ from each other so that none can be left out. */
function roundDigest(round: number, digest: Buffer, secret: Buffer, salt: Buffer): Buffer {
  const odd = round % 2 === 1
  const hash = createHash('md5').update(odd ? secret : digest)
  if (round % 3 !== 0) hash.update(salt)
  if (round % 7 !== 0) hash.update(secret)
  return hash.update(odd ? digest : secret).digest()
}

function encode(digest: Buffer): string {
  let text = ''
  for (const [high, middle, low] of GROUPS)
    text += characters((digest[high]! << 16) | (digest[middle]! << 8) | digest[low]!, 4)
  return text + characters(digest[11]!, 2)
}

/** Six bits a character, lowest first. */
function characters(value: number, count: number): string {
  let text = ''
  for (let i = 0; i < count; i++) text += ALPHABET[(value >> (6 * i)) & 63]
  return text
}

function md5(...parts: Buffer[]): Buffer {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const ZERO = Buffer.alloc(1)
