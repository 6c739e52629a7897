import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import { parseServerUrl } from '../../src/discovery/server-url.ts'
import { context, fileSource, part } from './given-sources.ts'

const good: readonly (readonly [string, string, string, number, string])[] = [
  ['http://10.0.0.1:8080', 'http', '10.0.0.1', 8080, ''],
  ['http://10.0.0.1', 'http', '10.0.0.1', 80, ''],
  ['HTTPS://API.Example.com/', 'https', 'api.example.com', 443, ''],
  ['http://web_1.internal.:80', 'http', 'web_1.internal', 80, ''],
  ['http://localhost:65535/base/', 'http', 'localhost', 65535, '/base'],
  ['http://[::1]:8080', 'http', '::1', 8080, ''],
  ['https://[2001:DB8::1]/a%20b', 'https', '2001:db8::1', 443, '/a%20b'],
]
for (const [text, scheme, host, port, path] of good) {
  test(`server URL ${text}`, () => assert.deepEqual(parseServerUrl(text), { scheme, host, port, path }))
}

const bad: readonly (readonly [string, RegExp])[] = [
  ['', /no scheme/],
  ['10.0.0.1:80', /no scheme/],
  ['localhost:8080', /no scheme/],
  ['http:/x', /no scheme/],
  [' http://x', /no scheme/],
  ['ftp://x', /neither/],
  ['http://', /no host/],
  ['http://:80', /no host/],
  ['http:///path', /no host/],
  ['http://[]:80', /no host/],
  ['http://a b', /neither a name/],
  ['http://a\tb', /neither a name/],
  ['http://a\\b', /neither a name/],
  ['http://ä.example', /neither a name/],
  ['http://10.0.0.256', /neither a name/],
  ['http://0x7f.1', /neither a name/],
  ['http://0x7f000001', /neither a name/],
  ['http://127.1', /neither a name/],
  ['http://::1:80', /no host/],
  ['http://[::1%eth0]', /neither a name/],
  ['http://[::1]x:80', /neither a name/],
  [`http://${'a'.repeat(64)}`, /neither a name/],
  ['http://x:0', /port/],
  ['http://x:65536', /port/],
  ['http://x:', /port/],
  ['http://x:8e1', /port/],
  ['http://x:+80', /port/],
  ['http://x/?a=1', /query/],
  ['http://x#f', /query/],
  ['http://x/a b', /percent/],
  ['http://x/\r\nEvil: 1', /percent/],
  ['http://x/%zz', /percent/],
  ['http://bob:hunter2@x', /credentials/],
]
for (const [text, expected] of bad) {
  test(`no server URL: ${JSON.stringify(text)}`, () => {
    const result = parseServerUrl(text)
    assert.ok('code' in result)
    assert.equal(result.code, 'E102')
    assert.match(result.message, expected)
  })
}

test('any text gives an address or a complaint', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `http://${text}`),
      ),
      (text) => {
        const result = parseServerUrl(text)
        if ('code' in result) return
        assert.ok(result.port > 0 && result.host !== '')
        assert.equal(
          new URL(
            `${result.scheme}://${result.host.includes(':') ? `[${result.host}]` : result.host}:${result.port}${result.path}`,
          ).hash,
          '',
        )
      },
    ),
  )
})

function servers(...given: readonly object[]) {
  const { services, problems } = resolveRouting(
    [fileSource(part({ services: { s: { loadBalancer: { servers: given } } } }))],
    context(),
  )
  return { service: services.get('s@file'), problems, codes: problems.map(({ code }) => code) }
}

test('a wrong server costs only itself', () => {
  const { service, codes } = servers(
    { url: 'http://10.0.0.1' },
    { url: 'nonsense' },
    {},
    { url: 'h2c://10.0.0.2' },
  )
  assert.deepEqual(
    service?.endpoints.map(({ host }) => host),
    ['10.0.0.1'],
  )
  assert.deepEqual(codes, ['E102', 'E103', 'E105'])
})

test('a service of which no server is good is left out', () => {
  const { service, codes } = servers({ url: 'nonsense' })
  assert.equal(service, undefined)
  assert.deepEqual(codes, ['E102', 'E214'])
})

test('credentials in a URL are refused, and not shown', () => {
  const { problems } = servers({ url: 'http://bob:hunter2@10.0.0.1' })
  assert.doesNotMatch(JSON.stringify(problems), /hunter2/)
})

test('a path counts only when it is to be preserved', () => {
  const { service, problems } = servers(
    { url: 'http://10.0.0.1/a' },
    { url: 'http://10.0.0.2/b/', preservePath: true, weight: 0 },
  )
  assert.deepEqual(
    service?.endpoints.map(({ key, pathPrefix, weight }) => [key, pathPrefix, weight]),
    [
      ['http://10.0.0.1:80', '', 1],
      ['http://10.0.0.2:80/b', '/b', 0],
    ],
  )
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [['E106', 'warning']],
  )
})

test('what only tags may say has no effect', () => {
  const routing = resolveRouting(
    [
      fileSource(
        part({
          services: {
            s: {
              loadBalancer: {
                server: { port: 80 },
                servers: [{ url: 'http://10.0.0.1', port: 90, scheme: 'https' }],
              },
            },
          },
        }),
      ),
    ],
    context(),
  )
  assert.deepEqual(
    routing.problems.map(({ code }) => code),
    ['E106', 'E106', 'E106'],
  )
})
