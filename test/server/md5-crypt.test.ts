import assert from 'node:assert/strict'
import { test } from 'node:test'
import { md5Crypt } from '../../src/server/md5-crypt.ts'

/** As `openssl passwd -apr1 -salt SALT PASSWORD` prints them. */
const vectors: [password: string, hash: string][] = [
  ['password1', '$apr1$abcdefgh$QLvgL9Maogn2kBtlvaQ0J.'],
  ['password2', '$apr1$abcdefgh$1KKLQXDDsuSUqv22XsVoA/'],
  ['password3', '$apr1$abcdefgh$SlX7k.a/mciGiu51zizBH0'],
  ['myPassword', '$apr1$r31$xZkm/.q4DhO3zXfRL9FLE/'],
  ['', '$apr1$x$tMwYqBfQwi3FYAr0aJc8M/'],
  ['pässwörd €', '$apr1$12345678$/Ku7mqS2tLHUCIuKakfPt.'],
  ['a'.repeat(50), '$apr1$12345678$aBUpQaqPb5w/EPgS3XFx./'],
  // `openssl passwd -1`
  ['secret', '$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1'],
]
for (const [password, hash] of vectors) {
  test(`${JSON.stringify(password)} gives ${hash}`, () => {
    const [, kind, salt] = hash.split('$')
    assert.equal(md5Crypt(password, salt!, kind === '1' ? '$1$' : '$apr1$'), hash)
  })
}
