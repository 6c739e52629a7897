import assert from 'node:assert/strict'
import { test } from 'node:test'
import redirectScheme from '../../src/middlewares/redirect-scheme.ts'
import type { RequestSketch } from './make-middleware.ts'
import { answerNow, makeMiddleware, makeRequest } from './make-middleware.ts'

type Row = [
  name: string,
  options: Record<string, unknown>,
  request: RequestSketch,
  status: number,
  location: string,
]
const redirected: Row[] = [
  ['GET', { scheme: 'https' }, { path: '/a', query: '?b=c' }, 302, 'https://example.com/a?b=c'],
  ['POST', { scheme: 'https' }, { method: 'POST' }, 307, 'https://example.com/'],
  ['HEAD', { scheme: 'https' }, { method: 'HEAD' }, 307, 'https://example.com/'],
  ['GET for ever', { scheme: 'https', permanent: true }, {}, 301, 'https://example.com/'],
  ['POST for ever', { scheme: 'https', permanent: 'true' }, { method: 'POST' }, 308, 'https://example.com/'],
  [
    'a port that is given up',
    { scheme: 'https' },
    { authority: 'example.com:8080' },
    302,
    'https://example.com/',
  ],
  ['another port', { scheme: 'https', port: '8443' }, {}, 302, 'https://example.com:8443/'],
  ['the default port, unsaid', { scheme: 'https', port: 443 }, {}, 302, 'https://example.com/'],
  [
    'https with the wrong port',
    { scheme: 'https', port: 8443 },
    { scheme: 'https' },
    302,
    'https://example.com:8443/',
  ],
  ['an IPv6 address', { scheme: 'https' }, { authority: '[2001:db8::1]:80' }, 302, 'https://[2001:db8::1]/'],
  [
    'an IPv6 address without port',
    { scheme: 'https' },
    { authority: '[2001:db8::1]' },
    302,
    'https://[2001:db8::1]/',
  ],
  ['back to http', { scheme: 'http' }, { scheme: 'https' }, 302, 'http://example.com/'],
  ['OPTIONS *', { scheme: 'https' }, { method: 'OPTIONS', path: '*' }, 307, 'https://example.com/'],
]
for (const [name, options, sketch, status, location] of redirected) {
  test(`redirects ${name}`, () => {
    const answer = answerNow(makeMiddleware(redirectScheme, options), makeRequest(sketch))
    assert.equal(answer?.status, status)
    assert.equal(answer.headers.get('Location'), location)
    assert.equal(answer.why, 'RD')
  })
}

const untouched: [name: string, options: Record<string, unknown>, request: RequestSketch][] = [
  ['the scheme already', { scheme: 'https' }, { scheme: 'https' }],
  ['the scheme and its default port', { scheme: 'https' }, { scheme: 'https', authority: 'example.com:443' }],
  ['scheme and port', { scheme: 'https', port: 8443 }, { scheme: 'https', authority: 'example.com:8443' }],
]
for (const [name, options, sketch] of untouched) {
  test(`lets pass what has ${name}`, () => {
    assert.equal(answerNow(makeMiddleware(redirectScheme, options), makeRequest(sketch)), undefined)
  })
}

test('a request without a host cannot be sent anywhere', () => {
  const answer = answerNow(
    makeMiddleware(redirectScheme, { scheme: 'https' }),
    makeRequest({ authority: '' }),
  )
  assert.equal(answer?.status, 400)
})
