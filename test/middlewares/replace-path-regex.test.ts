import assert from 'node:assert/strict'
import { test } from 'node:test'
import replacePathRegex from '../../src/middlewares/replace-path-regex.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const cases: [
  name: string,
  regex: string,
  replacement: string,
  path: string,
  expected: string,
  replaced: string | undefined,
][] = [
  ['takes groups over', '^/foo/(.*)', '/bar/$1', '/foo/x/y', '/bar/x/y', '/foo/x/y'],
  ['takes groups in braces over', '^/(\\w+)/(\\w+)', '/${2}/${1}', '/a/b', '/b/a', '/a/b'],
  ['is not anchored', 'o+', '0', '/foo/boo', '/f0/b0', '/foo/boo'],
  ['leaves what does not match', '^/foo', '/bar', '/web/foo', '/web/foo', undefined],
  ['sees the path as it is sent', '%20', '_', '/a%20b', '/a_b', '/a%20b'],
  ['escapes what a path may not hold', '^/a$', '/a?b c#é', '/a', '/a%3Fb%20c%23%C3%A9', '/a'],
  ['forgives blanks around it', ' ^/a$ ', ' /b ', '/a', '/b', '/a'],
  ['escapes a lone percent sign', '^/a(.*)$', '/%$1', '/az', '/%25z', '/az'],
  ['leaves the asterisk of OPTIONS alone', '.*', '/b', '*', '*', undefined],
]
for (const [name, regex, replacement, path, expected, replaced] of cases) {
  test(`the replacement ${name}`, () => {
    const request = makeRequest({
      path,
      query: '?q',
      headers: replaced ? ['X-Replaced-Path', 'spoofed'] : [],
    })
    assert.equal(answerNow(makeMiddleware(replacePathRegex, { regex, replacement }), request), undefined)
    assert.equal(request.path, expected)
    assert.deepEqual(request.headers.getAll('X-Replaced-Path'), replaced === undefined ? [] : [replaced])
    assert.equal(request.query, '?q')
  })
}

const notNormal: [regex: string, replacement: string, path: string][] = [
  ['^/api(.*)', '/v1/$1', '/api/users'],
  ['^/api(.*)', '$1', '/apix'],
  ['^/api/(.*)', '/${1}/../x', '/api/a'],
  ['^/api/(.)(.)$', '/%$1$2', '/api/00'],
  ['^/api/(.)(.)$', '/%$1$2', '/api/61'],
]
for (const [regex, replacement, path] of notNormal) {
  test(`${path} by ${regex} → ${replacement} is no path in normal form, and is answered 400`, () => {
    const request = makeRequest({ path })
    const answer = answerNow(makeMiddleware(replacePathRegex, { regex, replacement }), request)
    assert.deepEqual([answer?.status, answer?.why], [400, 'BR'])
  })
}

const refused: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ regex: '(', replacement: '/x' }, /`regex`/],
  [{ regex: '(?=a)', replacement: '/x' }, /`regex`/],
  [{ regex: 'a', replacement: ' ' }, /`replacement` is empty/],
]
for (const [options, complaint] of refused) {
  test(`${JSON.stringify(options)} is refused`, () => {
    assert.match(complaintAbout(replacePathRegex, options) ?? '', complaint)
  })
}
