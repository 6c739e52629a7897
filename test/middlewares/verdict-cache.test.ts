import assert from 'node:assert/strict'
import { test } from 'node:test'
import { credentialsDigest, VerdictCache } from '../../src/middlewares/auth/verdict-cache.ts'

test('a verdict is kept for its lifetime and not longer', () => {
  let now = 1_000
  const cache = new VerdictCache(60_000, 10, () => now)
  cache.set('a', { user: 'ann' })
  now += 59_999
  assert.deepEqual(cache.get('a'), { user: 'ann' })
  now += 1
  assert.equal(cache.get('a'), undefined)
})

test('the oldest is given up for a new one, and guesses do not crowd out those who know', () => {
  const cache = new VerdictCache(60_000, 2, () => 0)
  cache.set('right', { user: 'ann' })
  for (const guess of ['a', 'b', 'c']) cache.set(guess, { user: undefined })
  assert.deepEqual(
    ['right', 'a', 'b', 'c'].map((digest) => cache.get(digest) !== undefined),
    [true, false, true, true],
  )
})

test('a digest is the same for the same credentials, and tells nothing of them', () => {
  assert.equal(credentialsDigest('Basic x'), credentialsDigest('Basic x'))
  assert.notEqual(credentialsDigest('Basic x'), credentialsDigest('Basic y'))
  assert.equal(credentialsDigest('Basic x').length, 44)
})
