import assert from 'node:assert/strict'
import { test } from 'node:test'
import replacePath from '../../src/middlewares/replace-path.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const cases: [name: string, path: string, from: string, to: string, replaced: string | undefined][] = [
  ['any path', '/b', '/a/x', '/b', '/a/x'],
  ['the same path', '/b', '/b', '/b', '/b'],
  ['a path with escapes', '/b', '/caf%C3%A9', '/b', '/caf%C3%A9'],
  ['blanks with escapes', ' /a b ', '/', '/a%20b', '/'],
  ['the asterisk of OPTIONS with nothing', '/b', '*', '*', undefined],
]
for (const [name, path, from, to, replaced] of cases) {
  test(`replaces ${name}`, () => {
    const request = makeRequest({ path: from, query: '?q=1' })
    assert.equal(answerNow(makeMiddleware(replacePath, { path }), request), undefined)
    assert.deepEqual([request.path, request.query], [to, '?q=1'])
    assert.equal(request.headers.get('X-Replaced-Path'), replaced)
  })
}

test('a client’s own X-Replaced-Path does not survive', () => {
  const request = makeRequest({ path: '/a', headers: ['X-Replaced-Path', '/forged'] })
  answerNow(makeMiddleware(replacePath, { path: '/b' }), request)
  assert.deepEqual(request.headers.getAll('X-Replaced-Path'), ['/a'])
})

for (const path of ['', 'b', '/a/../b', '/a//b', '/%00']) {
  test(`refuses \`${path}\``, () => {
    assert.match(complaintAbout(replacePath, { path }) ?? '', /slash|no path/)
  })
}
