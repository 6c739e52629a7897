import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import stripPrefix from '../../src/middlewares/strip-prefix.ts'
import { normalPath } from '../../src/proxy/http1/normal-path.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const cases: [
  name: string,
  prefixes: string[],
  path: string,
  expected: string,
  forwarded: string | undefined,
][] = [
  ['is taken off', ['/api'], '/api/users', '/users', '/api'],
  ['leaves a slash behind', ['/api'], '/api', '/', '/api'],
  ['with a slash at its end leaves one, too', ['/api/'], '/api/users', '/users', '/api/'],
  ['may end within a segment', ['/api'], '/apis', '/s', '/api'],
  ['that is not there changes nothing', ['/api'], '/web/api', '/web/api', undefined],
  ['is case-sensitive', ['/api'], '/API/x', '/API/x', undefined],
  ['is the first that fits', ['/nope', '/a', '/a/b'], '/a/b/c', '/b/c', '/a'],
  ['is compared decoded', ['/caf\u00e9'], '/caf%C3%A9/x', '/x', '/caf%C3%A9'],
  ['may be written with escapes', ['/caf%c3%a9'], '/caf%C3%A9/x', '/x', '/caf%C3%A9'],
  ['may hold blanks', ['/a b'], '/a%20b/c%20d', '/c%20d', '/a%20b'],
  ['holds reserved characters only as escapes', ['/a%2fb'], '/a%2Fb/c', '/c', '/a%2Fb'],
  ['with a slash does not take an encoded one for it', ['/a/b'], '/a%2Fb/c', '/a%2Fb/c', undefined],
  ['makes no path that looks like an authority', ['/api'], '/api//evil.example', '/evil.example', '/api'],
  ['leaves later escapes alone', ['/api'], '/api/a%2Fb%3F', '/a%2Fb%3F', '/api'],
  ['may cover four-byte characters', ['/\u{1F600}'], '/%F0%9F%98%80/x', '/x', '/%F0%9F%98%80'],
  ['leaves the asterisk of OPTIONS alone', ['/'], '*', '*', undefined],
  ['of only a slash changes nothing but the header', ['/'], '/a', '/a', '/'],
]
for (const [name, prefixes, path, expected, forwarded] of cases) {
  test(`a prefix ${name}`, () => {
    const request = makeRequest({ path })
    assert.equal(answerNow(makeMiddleware(stripPrefix, { prefixes }), request), undefined)
    assert.equal(request.path, expected)
    assert.equal(request.headers.get('X-Forwarded-Prefix'), forwarded)
  })
}

for (const path of [
  '/api../admin',
  '/api..',
  '/api.',
  '/api./x',
  '/api..%2Fadmin',
  '/api/%2e%2e/admin',
  '/api..%5cadmin',
  '/api/x%2F..%2Fy',
]) {
  test(`${path} without /api would climb, and is answered 400`, () => {
    const request = makeRequest({ path })
    const answer = answerNow(makeMiddleware(stripPrefix, { prefixes: ['/api'] }), request)
    assert.equal(answer?.status, 400)
    assert.equal(answer.why, 'BR')
  })
}

for (const name of ['/api...x', '/api/..x', '/api/x..', '/api/.well-known/x', '/api/a%2F.b']) {
  test(`${name} only looks like it, and passes`, () => {
    assert.equal(
      answerNow(makeMiddleware(stripPrefix, { prefixes: ['/api'] }), makeRequest({ path: name })),
      undefined,
    )
  })
}

test('whatever the path, what is left is in normal form and begins with one slash', () => {
  const piece = fc.constantFrom('a', '/', '.', '..', '%2F', '%5C', '%C3%A9', '%20', '//', '%25', 'api')
  const middleware = makeMiddleware(stripPrefix, { prefixes: ['/api', '/a', '/\u00e9', '/'] })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = normalPath(`/${pieces.join('')}`)
      fc.pre(path !== undefined)
      const request = makeRequest({ path })
      if (answerNow(middleware, request)) return
      assert.equal(normalPath(request.path), request.path)
      assert.doesNotMatch(request.path, /^\/\//)
      assert.ok(path.endsWith(request.path.slice(1)))
    }),
  )
})

const refused: [prefixes: string[], complaint: RegExp][] = [
  [[], /empty/],
  [['api'], /`api` must begin with a slash/],
  [[''], /must begin with a slash/],
  [['/100%'], /broken escape/],
  [['/%ff'], /broken escape/],
]
for (const [prefixes, complaint] of refused) {
  test(`prefixes ${JSON.stringify(prefixes)} are refused`, () => {
    assert.match(complaintAbout(stripPrefix, { prefixes }) ?? '', complaint)
  })
}
