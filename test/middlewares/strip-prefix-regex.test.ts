import assert from 'node:assert/strict'
import { test } from 'node:test'
import stripPrefixRegex from '../../src/middlewares/strip-prefix-regex.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const cases: [
  name: string,
  regex: string[],
  path: string,
  expected: string,
  forwarded: string | undefined,
][] = [
  ['what it matches', ['^/api/v[0-9]+'], '/api/v12/users', '/users', '/api/v12'],
  ['a whole path, and leaves a slash', ['^/api'], '/api', '/', '/api'],
  ['without an anchor', ['/[a-z]+'], '/api/users', '/users', '/api'],
  ['nothing that is matched further on', ['/users'], '/api/users', '/api/users', undefined],
  ['nothing by an empty match', ['x*'], '/api', '/api', undefined],
  ['the first that fits', ['^/nope', '^/a', '^/a/b'], '/a/b/c', '/b/c', '/a'],
  ['decoded text', ['^/caf\u00e9'], '/caf%C3%A9/x', '/x', '/caf%C3%A9'],
  ['no encoded slash for a slash', ['^/a/b'], '/a%2Fb/c', '/a%2Fb/c', undefined],
  [
    'and makes no path that looks like an authority',
    ['^/api'],
    '/api//evil.example',
    '/evil.example',
    '/api',
  ],
  ['nothing off the asterisk of OPTIONS', ['.*'], '*', '*', undefined],
]
for (const [name, regex, path, expected, forwarded] of cases) {
  test(`takes off ${name}`, () => {
    const request = makeRequest({ path })
    assert.equal(answerNow(makeMiddleware(stripPrefixRegex, { regex }), request), undefined)
    assert.equal(request.path, expected)
    assert.equal(request.headers.get('X-Forwarded-Prefix'), forwarded)
  })
}

test('what would climb out of the rule is answered 400', () => {
  const answer = answerNow(
    makeMiddleware(stripPrefixRegex, { regex: ['^/api'] }),
    makeRequest({ path: '/api../admin' }),
  )
  assert.deepEqual([answer?.status, answer?.why], [400, 'BR'])
})

const complaints: [regex: string[], complaint: RegExp][] = [
  [[], /`regex` is empty/],
  [['^/a', '('], /^`regex`: .*no regular expression/],
  [['(?=x)'], /^`regex`: /],
]
for (const [regex, complaint] of complaints) {
  test(`refuses ${JSON.stringify(regex)}`, () => {
    assert.match(complaintAbout(stripPrefixRegex, { regex }) ?? '', complaint)
  })
}
