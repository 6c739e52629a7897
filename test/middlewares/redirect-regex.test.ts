import assert from 'node:assert/strict'
import { test } from 'node:test'
import redirectRegex from '../../src/middlewares/redirect-regex.ts'
import type { RequestSketch } from './make-middleware.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest } from './make-middleware.ts'

const WWW = { regex: '^http://(.*)$', replacement: 'http://www.$1' }

const redirected: [
  name: string,
  options: Record<string, unknown>,
  request: RequestSketch,
  status: number,
  location: string,
][] = [
  ['GET', WWW, { path: '/a', query: '?b=c' }, 302, 'http://www.example.com/a?b=c'],
  ['POST', WWW, { method: 'POST' }, 307, 'http://www.example.com/'],
  ['GET for ever', { ...WWW, permanent: true }, {}, 301, 'http://www.example.com/'],
  ['POST for ever', { ...WWW, permanent: 'true' }, { method: 'POST' }, 308, 'http://www.example.com/'],
  ['a port', WWW, { authority: 'example.com:8080' }, 302, 'http://www.example.com:8080/'],
  [
    'TLS',
    { regex: '^https://example', replacement: 'https://b' },
    { scheme: 'https' },
    302,
    'https://b.com/',
  ],
  [
    'what is matched in the middle',
    { regex: '/old', replacement: '/new' },
    { path: '/old/x' },
    302,
    'http://example.com/new/x',
  ],
  [
    'with blanks around, as a tag has them',
    { regex: ' /old ', replacement: ' /new ' },
    { path: '/old' },
    302,
    'http://example.com/new',
  ],
  [
    'to letters beyond ASCII',
    { regex: '/old', replacement: '/caf\u00e9' },
    { path: '/old' },
    302,
    'http://example.com/caf%C3%A9',
  ],
  [
    'and never splits the answer',
    { regex: '/old', replacement: '/\r\nSet-Cookie: a' },
    { path: '/old' },
    302,
    'http://example.com/%0D%0ASet-Cookie:%20a',
  ],
  ['OPTIONS *', WWW, { method: 'OPTIONS', path: '*' }, 307, 'http://www.example.com/'],
]
for (const [name, options, sketch, status, location] of redirected) {
  test(`redirects ${name}`, () => {
    const answer = answerNow(makeMiddleware(redirectRegex, options), makeRequest(sketch))
    assert.deepEqual([answer?.status, answer?.headers.get('Location'), answer?.why], [status, location, 'RD'])
  })
}

const untouched: [name: string, options: Record<string, unknown>][] = [
  ['does not match', { regex: '^https://', replacement: 'http://' }],
  ['would be sent to itself', { regex: 'example.com', replacement: 'example.com' }],
]
for (const [name, options] of untouched) {
  test(`lets pass what ${name}`, () => {
    assert.equal(answerNow(makeMiddleware(redirectRegex, options), makeRequest()), undefined)
  })
}

const complaints: [options: Record<string, unknown>, complaint: RegExp][] = [
  [{ regex: '(', replacement: 'x' }, /^`regex`: .*no regular expression/],
  [{ regex: 'x', replacement: ' ' }, /^`replacement` is empty/],
]
for (const [options, complaint] of complaints) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    assert.match(complaintAbout(redirectRegex, options) ?? '', complaint)
  })
}
