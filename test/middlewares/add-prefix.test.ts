import assert from 'node:assert/strict'
import { test } from 'node:test'
import addPrefix from '../../src/middlewares/add-prefix.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const cases: [name: string, prefix: string, path: string, expected: string][] = [
  ['is put in front', '/api', '/users', '/api/users'],
  ['gets its leading slash', 'api', '/users', '/api/users'],
  ['makes no double slash', '/api/', '/users', '/api/users'],
  ['keeps a trailing slash of the path', '/api', '/', '/api/'],
  ['is escaped where it must be', '/a b?c', '/x', '/a%20b%3Fc/x'],
  ['keeps its escapes', '/a%20b', '/x', '/a%20b/x'],
  ['is written as UTF-8', '/café', '/x', '/caf%C3%A9/x'],
  ['leaves the asterisk of OPTIONS alone', '/api', '*', '*'],
]
for (const [name, prefix, path, expected] of cases) {
  test(`the prefix ${name}`, () => {
    const request = makeRequest({ path, query: '?a=1' })
    assert.equal(answerNow(makeMiddleware(addPrefix, { prefix }), request), undefined)
    assert.equal(request.path, expected)
    assert.equal(request.query, '?a=1')
  })
}

for (const prefix of ['', '/', ' ', '/a/../b', '/a//b', '/./a', '/%zz/%00', '/a%2e%2e/..']) {
  test(`the prefix ${JSON.stringify(prefix)} is refused`, () => {
    assert.match(complaintAbout(addPrefix, { prefix }) ?? '', /`prefix`/)
  })
}
