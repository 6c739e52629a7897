import { createHash, timingSafeEqual } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import bcrypt from 'bcryptjs'
import { md5Crypt } from './md5-crypt.ts'

/** What the thread is asked. */
export interface PasswordQuestion {
  readonly password: string
  readonly hash: string
}

/** Whether a password is the one that an htpasswd hash was made of. False for a hash of an unknown kind. Slow. */
export function passwordMatches({ password, hash }: PasswordQuestion): boolean {
  if (/^\$2[aby]\$/.test(hash)) return bcrypt.compareSync(password, hash)
  const [, magic, salt] = /^(\$(?:apr1|1)\$)([^$]{1,8})\$/.exec(hash) ?? []
  if (salt !== undefined) return sameText(md5Crypt(password, salt, magic as '$apr1$' | '$1$'), hash)
  if (hash.startsWith('{SHA}'))
    return sameText(`{SHA}${createHash('sha1').update(password, 'utf8').digest('base64')}`, hash)
  return false
}

/** In a time that does not depend on where they differ. */
function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

parentPort?.on('message', (question: PasswordQuestion) => {
  parentPort!.postMessage(answer(question))
})

function answer(question: PasswordQuestion): boolean {
  try {
    return passwordMatches(question)
  } catch {
    // bcryptjs throws on hashes that it cannot read.
    return false
  }
}
