import assert from 'node:assert/strict'
import { test } from 'node:test'
import encodedCharacters from '../../src/middlewares/encoded-characters.ts'
import { answerNow, makeMiddleware, makeRequest } from './make-middleware.ts'

const escapes: [option: string, path: string][] = [
  ['allowEncodedSlash', '/a%2Fb'],
  ['allowEncodedBackSlash', '/a%5Cb'],
  ['allowEncodedNullCharacter', '/a%00b'],
  ['allowEncodedSemicolon', '/a%3Bb'],
  ['allowEncodedPercent', '/a%25b'],
  ['allowEncodedQuestionMark', '/a%3Fb'],
  ['allowEncodedHash', '/a%23b'],
]
for (const [option, path] of escapes) {
  test(`${path} is answered 400 without ${option}, and whatever else is allowed`, () => {
    const others = Object.fromEntries(escapes.map(([name]) => [name, name !== option]))
    for (const options of [{}, others]) {
      const answer = answerNow(makeMiddleware(encodedCharacters, options), makeRequest({ path }))
      assert.deepEqual([answer?.status, answer?.why], [400, 'BR'])
    }
  })

  test(`${path} passes with ${option}`, () => {
    const middleware = makeMiddleware(encodedCharacters, { [option]: true })
    assert.equal(answerNow(middleware, makeRequest({ path })), undefined)
  })
}

for (const path of ['/', '/a/b', '/caf%C3%A9', '/a%20b', '/a%40b', '*']) {
  test(`${path} passes`, () => {
    assert.equal(answerNow(makeMiddleware(encodedCharacters, {}), makeRequest({ path })), undefined)
  })
}

test('a query may hold what it likes', () => {
  const request = makeRequest({ path: '/', query: '?next=%2Fa%3Fb%23c' })
  assert.equal(answerNow(makeMiddleware(encodedCharacters, {}), request), undefined)
})

test('an escaped percent sign is not read as the beginning of the next escape', () => {
  const middleware = makeMiddleware(encodedCharacters, { allowEncodedPercent: true })
  assert.equal(answerNow(middleware, makeRequest({ path: '/a%252Fb' })), undefined)
})
