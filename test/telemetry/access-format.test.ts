import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import type { AccessEntry } from '../../src/telemetry/access-entry.ts'
import { beginEntry, finishEntry } from '../../src/telemetry/access-entry.ts'
import { accessFilter } from '../../src/telemetry/access-filter.ts'
import { accessFormat, formatCommon, formatGeneric, formatJson } from '../../src/telemetry/access-format.ts'

// Node reads TZ anew whenever it is set; this process runs nothing but this file.
process.env.TZ = 'Asia/Kolkata'

const START = Date.UTC(2026, 10, 5, 22, 4, 9) + 123.456

function entry(more: Partial<AccessEntry> = {}): AccessEntry {
  return {
    start: START,
    count: 7,
    clientHost: '192.0.2.1',
    clientPort: 40_000,
    method: 'GET',
    target: '/a/b?c=d',
    version: '1.1',
    scheme: 'http',
    authority: 'whoami.example.com:8080',
    entryPoint: 'web',
    tls: undefined,
    referer: 'http://example.com/',
    userAgent: 'curl/8.0',
    requestHeaders: undefined,
    user: 'ada',
    router: 'whoami@file',
    service: 'whoami@file',
    endpoint: 'http://10.0.0.1:80',
    retries: 0,
    why: undefined,
    duration: 12.9,
    status: 200,
    responseBytes: 345,
    requestBytes: 0,
    origin: { status: 200, bytes: 345, duration: 10.5 },
    responseHeaders: undefined,
    ...more,
  }
}

const NOTHING = {
  user: undefined,
  referer: undefined,
  userAgent: undefined,
  router: undefined,
  endpoint: undefined,
  service: undefined,
  origin: undefined,
}

const lines: [string, Partial<AccessEntry>, string][] = [
  [
    'everything known',
    {},
    '192.0.2.1 - ada [06/Nov/2026:03:34:09 +0530] "GET /a/b?c=d HTTP/1.1" 200 345 "http://example.com/" "curl/8.0" 7 "whoami@file" "http://10.0.0.1:80" 12ms\n',
  ],
  [
    'nothing known',
    { ...NOTHING, status: 404, responseBytes: 19, why: 'NR' },
    '192.0.2.1 - - [06/Nov/2026:03:34:09 +0530] "GET /a/b?c=d HTTP/1.1" 404 19 "-" "-" 7 "-" "-" 12ms\n',
  ],
  [
    'nothing answered',
    { ...NOTHING, status: 0, clientHost: '', method: '', target: '' },
    '- - - [06/Nov/2026:03:34:09 +0530] "- - HTTP/1.1" - - "-" "-" 7 "-" "-" 12ms\n',
  ],
  [
    'quotes and control characters',
    { userAgent: 'a"b\tc\u007f\r\n127.0.0.1 - -', user: 'a\u001b[2J' },
    '192.0.2.1 - a\\x1b[2J [06/Nov/2026:03:34:09 +0530] "GET /a/b?c=d HTTP/1.1" 200 345 "http://example.com/" "a\\"b\\tc\\x7f\\r\\n127.0.0.1 - -" 7 "whoami@file" "http://10.0.0.1:80" 12ms\n',
  ],
  [
    'a backslash stays, but never hides a quote',
    { userAgent: 'a\\b \\" 200 "\\', referer: 'end\\' },
    '192.0.2.1 - ada [06/Nov/2026:03:34:09 +0530] "GET /a/b?c=d HTTP/1.1" 200 345 "end\\\\" "a\\b \\\\\\" 200 \\"\\\\" 7 "whoami@file" "http://10.0.0.1:80" 12ms\n',
  ],
  [
    'bytes that are UTF-8, and bytes that are not',
    { userAgent: Buffer.from('Zoë').toString('latin1'), referer: '\xff\xfe' },
    '192.0.2.1 - ada [06/Nov/2026:03:34:09 +0530] "GET /a/b?c=d HTTP/1.1" 200 345 "\\xff\\xfe" "Zoë" 7 "whoami@file" "http://10.0.0.1:80" 12ms\n',
  ],
]
for (const [name, more, expected] of lines) {
  test(`common: ${name}`, () => assert.equal(formatCommon(entry(more)), expected))
}

test('common: in UTC', () => {
  const line = accessFormat({ zone: 'utc' })(entry())
  assert.match(line, /^192\.0\.2\.1 - ada \[05\/Nov\/2026:22:04:09 \+0000\] "GET/)
})

test('common: each second has its own text, and seconds may come in any order', () => {
  const times = [0, 400, 900, 100].map((ms) => formatCommon(entry({ start: START + ms })).slice(16, 44))
  const second = (text: string): string => `[06/Nov/2026:03:34:${text} +0530]`
  assert.deepEqual(times, [second('09'), second('09'), second('10'), second('09')])
})

test('genericCLF ends after the user agent', () => {
  assert.equal(
    formatGeneric(entry()),
    '192.0.2.1 - ada [06/Nov/2026:03:34:09 +0530] "GET /a/b?c=d HTTP/1.1" 200 345 "http://example.com/" "curl/8.0"\n',
  )
})

test('json has the field names of Traefik, and Why', () => {
  const line = formatJson(entry({ why: 'UC', retries: 1, clientHost: '2001:db8::1' }))
  assert.equal(line.at(-1), '\n')
  assert.deepEqual(JSON.parse(line), {
    StartUTC: '2026-11-05T22:04:09.123456Z',
    StartLocal: '2026-11-06T03:34:09.123456+05:30',
    Duration: 12_900_000,
    RouterName: 'whoami@file',
    ServiceName: 'whoami@file',
    ServiceURL: 'http://10.0.0.1:80',
    ServiceAddr: '10.0.0.1:80',
    ClientAddr: '[2001:db8::1]:40000',
    ClientHost: '2001:db8::1',
    ClientPort: '40000',
    ClientUsername: 'ada',
    RequestAddr: 'whoami.example.com:8080',
    RequestHost: 'whoami.example.com',
    RequestPort: '8080',
    RequestMethod: 'GET',
    RequestPath: '/a/b?c=d',
    RequestProtocol: 'HTTP/1.1',
    RequestScheme: 'http',
    RequestContentSize: 0,
    OriginDuration: 10_500_000,
    OriginContentSize: 345,
    OriginStatus: 200,
    DownstreamStatus: 200,
    DownstreamContentSize: 345,
    RequestCount: 7,
    Overhead: 2_400_000,
    RetryAttempts: 1,
    entryPointName: 'web',
    Why: 'UC',
    level: 'info',
    msg: '',
    time: '2026-11-06T03:34:09+05:30',
  })
})

test('json leaves out what is not known', () => {
  const shown = JSON.parse(formatJson(entry({ ...NOTHING, authority: '[::1]' }))) as Record<string, unknown>
  assert.equal(shown.RequestHost, '[::1]')
  assert.equal(shown.RequestPort, '-')
  assert.equal(shown.ClientUsername, '-')
  for (const name of ['RouterName', 'ServiceURL', 'ServiceAddr', 'OriginStatus', 'Why']) {
    assert.equal(name in shown, false, name)
  }
})

test('json keeps, drops and redacts fields and headers', () => {
  const format = accessFormat({
    format: 'json',
    fields: {
      defaultMode: 'drop',
      names: { RequestPath: 'keep', ClientHost: 'redact' },
      headers: { defaultMode: 'drop', names: { 'user-agent': 'keep', Authorization: 'redact' } },
      queryParameters: { defaultMode: 'redact' },
    },
  })
  const requestHeaders = new HeaderList(['user-agent', 'x', 'AUTHORIZATION', 'Basic abc', 'Cookie', 'a=b'])
  const { level, msg, time, ...shown } = JSON.parse(format(entry({ requestHeaders }))) as Record<
    string,
    unknown
  >
  assert.deepEqual([level, msg, typeof time], ['info', '', 'string'])
  assert.deepEqual(shown, {
    ClientHost: 'REDACTED',
    RequestPath: '/a/b?c=REDACTED',
    'request_User-Agent': 'x',
    request_Authorization: 'REDACTED',
  })
})

test('a query can be dropped in every format', () => {
  const format = accessFormat({ fields: { queryParameters: { defaultMode: 'drop' } } })
  assert.match(format(entry()), /"GET \/a\/b HTTP\/1\.1"/)
})

test('an entry notes what middlewares change later', () => {
  const request = new Request()
  Object.assign(request, {
    method: 'GET',
    path: '/a',
    query: '?b',
    clientAddress: '192.0.2.1',
    entryPoint: 'web',
  })
  request.headers = new HeaderList(['User-Agent', 'curl', 'referer', 'r'])
  const begun = beginEntry(request, START, 1)
  request.path = '/changed'
  request.headers.delete('User-Agent')
  request.router = 'r@file'
  const done = finishEntry(begun, request, { duration: 3, status: 200, responseBytes: 2, requestBytes: 1 })
  const { target, userAgent, referer, router, duration, status } = done
  assert.deepEqual(
    { target, userAgent, referer, router, duration, status },
    { target: '/a?b', userAgent: 'curl', referer: 'r', router: 'r@file', duration: 3, status: 200 },
  )
})

const filters: [string, Parameters<typeof accessFilter>[0], Partial<AccessEntry>, boolean | undefined][] = [
  ['no filter', {}, {}, undefined],
  ['a status in a range', { statusCodes: ['200', '400-499'] }, { status: 404 }, true],
  ['a single status', { statusCodes: ['200', '400-499'] }, { status: 200 }, true],
  ['another status', { statusCodes: ['200', '400-499'] }, { status: 500 }, false],
  ['a retry', { statusCodes: ['500'], retryAttempts: true }, { retries: 1 }, true],
  ['slow', { minDuration: 10 }, { duration: 10.5 }, true],
  ['fast', { minDuration: 10 }, { duration: 9 }, false],
]
for (const [name, options, more, expected] of filters) {
  test(`filter: ${name}`, () => assert.equal(accessFilter(options)?.(entry(more)), expected))
}
