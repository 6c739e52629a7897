import assert from 'node:assert/strict'
import { test } from 'node:test'
import headers from '../../src/middlewares/headers.ts'
import type { RequestSketch } from './make-middleware.ts'
import { answerNow, complaintAbout, makeMiddleware, makeRequest, makeResponse } from './make-middleware.ts'

type Options = Record<string, unknown>

/** Fields of the request behind the middleware. */
function requestFields(options: Options, sketch: RequestSketch): string[] {
  const request = makeRequest(sketch)
  assert.equal(answerNow(makeMiddleware(headers, options), request), undefined)
  return request.headers.fields
}

/** Fields of the response behind the middleware. */
function responseFields(options: Options, sketch: RequestSketch, fields: string[]): string[] {
  const middleware = makeMiddleware(headers, options)
  const request = makeRequest(sketch)
  assert.equal(answerNow(middleware, request), undefined)
  const response = makeResponse(fields)
  assert.equal(middleware.response?.(response, request), undefined)
  return response.headers.fields
}

const HOST = ['Host', 'example.com']

const ofRequests: [name: string, fields: Record<string, string>, before: string[], after: string[]][] = [
  ['are added', { 'X-A': '1' }, [], [...HOST, 'X-A', '1']],
  ['replace', { 'x-a': '1' }, ['X-A', '0', 'X-A', '2'], [...HOST, 'x-a', '1']],
  ['without value delete', { 'X-A': '' }, ['x-a', '0', 'X-a', '2', 'X-B', '3'], [...HOST, 'X-B', '3']],
  ['are UTF-8 on the wire', { 'X-A': 'é' }, [], [...HOST, 'X-A', '\u00c3\u00a9']],
  ['lose blanks around them', { 'X-A': ' 1\t' }, [], [...HOST, 'X-A', '1']],
  [
    'may say what the proxy says, too',
    { 'X-Forwarded-Proto': 'https' },
    ['X-Forwarded-Proto', 'http'],
    [...HOST, 'X-Forwarded-Proto', 'https'],
  ],
]
for (const [name, customRequestHeaders, before, after] of ofRequests) {
  test(`custom request headers ${name}`, () => {
    assert.deepEqual(requestFields({ customRequestHeaders }, { headers: before }), after)
  })
}

test('Host changes the authority and the field, not the host that the request was routed by', () => {
  const request = makeRequest()
  answerNow(makeMiddleware(headers, { customRequestHeaders: { host: 'other.test:8080' } }), request)
  assert.equal(request.authority, 'other.test:8080')
  assert.equal(request.headers.get('Host'), 'other.test:8080')
  assert.equal(request.host, 'example.com')
})

const ofResponses: [name: string, fields: Record<string, string>, before: string[], after: string[]][] = [
  ['are added', { 'X-A': '1' }, ['Server', 's'], ['Server', 's', 'X-A', '1']],
  ['replace', { Server: '-' }, ['server', 's', 'SERVER', 't'], ['Server', '-']],
  ['without value delete', { Server: '' }, ['server', 's', 'X-B', '3'], ['X-B', '3']],
]
for (const [name, customResponseHeaders, before, after] of ofResponses) {
  test(`custom response headers ${name}`, () => {
    assert.deepEqual(responseFields({ customResponseHeaders }, {}, before), after)
  })
}

// ---- CORS ---------------------------------------------------------------------------------------------------

const ORIGIN = 'https://app.example.com'
const PREFLIGHT: RequestSketch = {
  method: 'OPTIONS',
  headers: ['Origin', ORIGIN, 'Access-Control-Request-Method', 'PUT'],
}
const ALLOW_ORIGIN = ['Access-Control-Allow-Origin', ORIGIN]

const preflights: [name: string, options: Options, fields: string[]][] = [
  ['an origin of the list', { accessControlAllowOriginList: ['https://x.test', ORIGIN] }, ALLOW_ORIGIN],
  ['any origin', { accessControlAllowOriginList: ['*'] }, ['Access-Control-Allow-Origin', '*']],
  ['an origin named before any', { accessControlAllowOriginList: [ORIGIN, '*'] }, ALLOW_ORIGIN],
  [
    'an origin of an expression',
    { accessControlAllowOriginListRegex: ['^https://[a-z]+\\.example\\.com$'] },
    ALLOW_ORIGIN,
  ],
  ['an origin that is not allowed', { accessControlAllowOriginList: ['https://x.test'] }, []],
  ['an origin that no expression takes', { accessControlAllowOriginListRegex: ['^https://x\\.test$'] }, []],
  [
    'allowed methods',
    { accessControlAllowMethods: ['GET', 'PUT'] },
    ['Access-Control-Allow-Methods', 'GET,PUT'],
  ],
  [
    'allowed headers, as a tag writes them',
    { accessControlAllowHeaders: 'X-A, X-B' },
    ['Access-Control-Allow-Headers', 'X-A,X-B'],
  ],
  ['credentials', { accessControlAllowCredentials: 'true' }, ['Access-Control-Allow-Credentials', 'true']],
  ['an age', { accessControlMaxAge: 600 }, ['Access-Control-Max-Age', '600']],
  ['an age of zero', { accessControlMaxAge: 0 }, ['Access-Control-Max-Age', '0']],
  [
    'nothing about what only responses show',
    { accessControlExposeHeaders: ['X-A'], addVaryHeader: true },
    [],
  ],
]
for (const [name, options, fields] of preflights) {
  test(`a preflight is answered 200, for ${name}`, () => {
    const answer = answerNow(makeMiddleware(headers, options), makeRequest(PREFLIGHT))
    assert.deepEqual([answer?.status, answer?.body, answer?.why], [200, null, 'PF'])
    assert.deepEqual(answer?.headers.fields, fields)
  })
}

const forwardedOptions: [name: string, options: Options, sketch: RequestSketch][] = [
  ['without any option of CORS', { customRequestHeaders: { 'X-A': '1' } }, PREFLIGHT],
  [
    'without Origin',
    { accessControlAllowMethods: ['GET'] },
    { method: 'OPTIONS', headers: ['Access-Control-Request-Method', 'GET'] },
  ],
  [
    'without a requested method',
    { accessControlAllowMethods: ['GET'] },
    { method: 'OPTIONS', headers: ['Origin', ORIGIN] },
  ],
  ['with another method', { accessControlAllowMethods: ['GET'] }, { ...PREFLIGHT, method: 'GET' }],
]
for (const [name, options, sketch] of forwardedOptions) {
  test(`what looks like a preflight ${name} is passed on`, () => {
    assert.equal(answerNow(makeMiddleware(headers, options), makeRequest(sketch)), undefined)
  })
}

const FROM_APP: RequestSketch = { headers: ['Origin', ORIGIN] }
const answers: [name: string, options: Options, sketch: RequestSketch, before: string[], after: string[]][] =
  [
    ['allow a listed origin', { accessControlAllowOriginList: [ORIGIN] }, FROM_APP, [], ALLOW_ORIGIN],
    [
      'overrule the service',
      { accessControlAllowOriginList: [ORIGIN] },
      FROM_APP,
      ['access-control-allow-origin', '*'],
      ALLOW_ORIGIN,
    ],
    [
      'leave what the service says of others',
      { accessControlAllowOriginList: ['https://x.test'] },
      FROM_APP,
      ['Access-Control-Allow-Origin', 'y'],
      ['Access-Control-Allow-Origin', 'y'],
    ],
    [
      'allow any origin, named or not',
      { accessControlAllowOriginList: ['*'] },
      {},
      [],
      ['Access-Control-Allow-Origin', '*'],
    ],
    ['say nothing to a request without origin', { accessControlAllowOriginListRegex: ['.*'] }, {}, [], []],
    [
      'expose headers and take credentials',
      { accessControlExposeHeaders: ['X-A', 'X-B'], accessControlAllowCredentials: true },
      FROM_APP,
      [],
      ['Access-Control-Allow-Credentials', 'true', 'Access-Control-Expose-Headers', 'X-A,X-B'],
    ],
    ['vary', { addVaryHeader: true }, {}, [], ['Vary', 'Origin']],
    [
      'vary besides',
      { addVaryHeader: true },
      {},
      ['Vary', 'Accept', 'vary', 'Cookie'],
      ['Vary', 'Accept, Cookie, Origin'],
    ],
    ['vary once', { addVaryHeader: true }, {}, ['Vary', 'Accept, origin'], ['Vary', 'Accept, origin']],
    ['vary by everything already', { addVaryHeader: true }, {}, ['Vary', '*'], ['Vary', '*']],
  ]
for (const [name, options, sketch, before, after] of answers) {
  test(`responses ${name}`, () => {
    assert.deepEqual(responseFields(options, sketch, before), after)
  })
}

// ---- security -----------------------------------------------------------------------------------------------

const HTTPS: RequestSketch = { scheme: 'https' }
const STS = 'Strict-Transport-Security'
const secured: [name: string, options: Options, sketch: RequestSketch, fields: string[]][] = [
  ['frameDeny', { frameDeny: true }, {}, ['X-Frame-Options', 'DENY']],
  [
    'customFrameOptionsValue',
    { frameDeny: true, customFrameOptionsValue: 'SAMEORIGIN' },
    {},
    ['X-Frame-Options', 'SAMEORIGIN'],
  ],
  ['contentTypeNosniff', { contentTypeNosniff: true }, {}, ['X-Content-Type-Options', 'nosniff']],
  ['browserXssFilter', { browserXssFilter: true }, {}, ['X-XSS-Protection', '1; mode=block']],
  [
    'customBrowserXSSValue',
    { browserXssFilter: true, customBrowserXSSValue: '0' },
    {},
    ['X-XSS-Protection', '0'],
  ],
  [
    'contentSecurityPolicy',
    { contentSecurityPolicy: "default-src 'self'" },
    {},
    ['Content-Security-Policy', "default-src 'self'"],
  ],
  [
    'contentSecurityPolicyReportOnly',
    { contentSecurityPolicyReportOnly: 'x' },
    {},
    ['Content-Security-Policy-Report-Only', 'x'],
  ],
  ['publicKey', { publicKey: 'pin-sha256="x"' }, {}, ['Public-Key-Pins', 'pin-sha256="x"']],
  ['referrerPolicy', { referrerPolicy: 'same-origin' }, {}, ['Referrer-Policy', 'same-origin']],
  ['permissionsPolicy', { permissionsPolicy: 'camera=()' }, {}, ['Permissions-Policy', 'camera=()']],
  ['stsSeconds', { stsSeconds: 60 }, HTTPS, [STS, 'max-age=60']],
  [
    'stsSeconds and all that goes with it',
    { stsSeconds: '60', stsIncludeSubdomains: true, stsPreload: true },
    HTTPS,
    [STS, 'max-age=60; includeSubDomains; preload'],
  ],
  ['stsSeconds over plain HTTP', { stsSeconds: 60 }, {}, []],
  ['forceSTSHeader', { stsSeconds: 60, forceSTSHeader: true }, {}, [STS, 'max-age=60']],
  ['forceSTSHeader alone', { forceSTSHeader: true, frameDeny: true }, {}, ['X-Frame-Options', 'DENY']],
  [
    'sslProxyHeaders',
    { stsSeconds: 60, sslProxyHeaders: { 'X-Proto': 'https' } },
    { headers: ['x-proto', 'https'] },
    [STS, 'max-age=60'],
  ],
  [
    'sslProxyHeaders with another value',
    { stsSeconds: 60, sslProxyHeaders: { 'X-Proto': 'https' } },
    { headers: ['x-proto', 'http'] },
    [],
  ],
  [
    'isDevelopment',
    { stsSeconds: 60, forceSTSHeader: true, isDevelopment: true, frameDeny: true },
    HTTPS,
    ['X-Frame-Options', 'DENY'],
  ],
  [
    'a custom header over an option',
    { frameDeny: true, customResponseHeaders: { 'X-Frame-Options': 'ALLOWALL' } },
    {},
    ['X-Frame-Options', 'ALLOWALL'],
  ],
]
for (const [name, options, sketch, fields] of secured) {
  test(`security: ${name}`, () => {
    const middleware = makeMiddleware(headers, options)
    const request = makeRequest(sketch)
    const response = makeResponse()
    assert.equal(middleware.response?.(response, request), undefined)
    assert.deepEqual(response.headers.fields, fields)
  })
}

test('security: an option overrules what the service sent', () => {
  assert.deepEqual(responseFields({ frameDeny: true }, {}, ['x-frame-options', 'ALLOWALL', 'X-A', '1']), [
    'X-Frame-Options',
    'DENY',
    'X-A',
    '1',
  ])
})

const hosts: [name: string, passes: boolean, options: Options, sketch: RequestSketch][] = [
  ['a listed one', true, { allowedHosts: ['example.com'] }, {}],
  ['a listed one in another case', true, { allowedHosts: ['Example.com'] }, { authority: 'exAMPLE.com' }],
  ['another', false, { allowedHosts: ['example.com'] }, { authority: 'evil.test' }],
  ['a port that is not listed', false, { allowedHosts: ['example.com'] }, { authority: 'example.com:8080' }],
  ['a port that is listed', true, { allowedHosts: ['example.com:8080'] }, { authority: 'example.com:8080' }],
  [
    'one that a proxy names',
    true,
    { allowedHosts: ['a.test'], hostsProxyHeaders: ['X-None', 'X-Host'] },
    { headers: ['x-host', 'a.test'] },
  ],
  [
    'another that a proxy names',
    false,
    { allowedHosts: ['example.com'], hostsProxyHeaders: ['X-Host'] },
    { headers: ['x-host', 'a.test'] },
  ],
  ['any in development', true, { allowedHosts: ['a.test'], isDevelopment: true }, {}],
  [
    'the one that Host is set to',
    true,
    { allowedHosts: ['a.test'], customRequestHeaders: { Host: 'a.test' } },
    {},
  ],
]
for (const [name, passes, options, sketch] of hosts) {
  test(`allowedHosts ${passes ? 'lets pass' : 'refuses'} ${name}`, () => {
    const answer = answerNow(makeMiddleware(headers, options), makeRequest(sketch))
    assert.deepEqual(
      [answer?.status, answer?.body, answer?.why],
      passes ? [undefined, undefined, undefined] : [500, 'Bad Host', 'FB'],
    )
  })
}

test('phases that no option needs are absent', () => {
  assert.deepEqual(Object.keys(makeMiddleware(headers, { frameDeny: true })), ['response'])
  assert.deepEqual(Object.keys(makeMiddleware(headers, { customRequestHeaders: { 'X-A': '' } })), ['request'])
  assert.deepEqual(Object.keys(makeMiddleware(headers, {})), [])
})

const refused: [options: Options, complaint: RegExp][] = [
  [{ customRequestHeaders: { 'X-A': 'a\r\nX-B: b' } }, /`X-A` holds a line break/],
  [{ customResponseHeaders: { 'X-A': 'a\0' } }, /`X-A` holds/],
  [{ customResponseHeaders: { 'X A': 'a' } }, /`X A` is not the name/],
  [{ customResponseHeaders: { 'X:\n': 'a' } }, /`X:\\x0a` is not the name/],
  [{ customRequestHeaders: { '': 'a' } }, /is not the name/],
  [{ customRequestHeaders: { 'Transfer-Encoding': 'chunked' } }, /belongs to the connection/],
  [{ customResponseHeaders: { 'content-length': '' } }, /belongs to the connection/],
  [{ customRequestHeaders: { Host: '' } }, /cannot be deleted/],
  [{ customRequestHeaders: { host: 'a/b' } }, /host name or address/],
  [{ accessControlAllowOriginListRegex: ['('] }, /`accessControlAllowOriginListRegex`/],
  [{ accessControlAllowHeaders: ['a\nb'] }, /`accessControlAllowHeaders` holds/],
  [{ contentSecurityPolicy: 'a\rb' }, /`contentSecurityPolicy` holds/],
  [{ hostsProxyHeaders: ['a b'] }, /is not the name/],
  [{ sslProxyHeaders: { a: '\n' } }, /`a` holds/],
]
for (const [options, complaint] of refused) {
  test(`${JSON.stringify(options)} is refused`, () => {
    assert.match(complaintAbout(headers, options) ?? '', complaint)
  })
}
