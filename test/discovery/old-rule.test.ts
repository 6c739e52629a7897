import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { translateOldRule } from '../../src/discovery/old-rule.ts'
import { ruleOf } from '../routing/given-rules.ts'

const RULES: [old: string, today: string, middlewares?: object[]][] = [
  ['Host:a.example', 'Host(`a.example`)'],
  ['host: A.Example ', 'Host(`a.example`)'],
  ['Host:a.example,b.example', 'Host(`a.example`) || Host(`b.example`)'],
  ['Host:a.example,b.example;PathPrefix:/x', '(Host(`a.example`) || Host(`b.example`)) && PathPrefix(`/x`)'],
  ['Host:a.example; Method: get, POST', 'Host(`a.example`) && (Method(`GET`) || Method(`POST`))'],
  ['HostRegexp:{sub:[a-z]{1,3}}.example.com', 'HostRegexp(`^[a-z]{1,3}\\.example\\.com$`)'],
  ['HostRegexp:{any}.example.com', 'HostRegexp(`^[^.]+\\.example\\.com$`)'],
  ['Path:/a,/b/{id:[0-9]+}', 'Path(`/a`) || PathRegexp(`^/b/[0-9]+$`)'],
  ['PathPrefix:/users/{id}', 'PathRegexp(`^/users/[^/]+`)'],
  ['PathStrip:/a', 'Path(`/a`)', [{ kind: 'stripPrefix', options: { prefixes: ['/a'] } }]],
  [
    'Host:a.example;PathPrefixStrip:/a,/b',
    'Host(`a.example`) && (PathPrefix(`/a`) || PathPrefix(`/b`))',
    [{ kind: 'stripPrefix', options: { prefixes: ['/a', '/b'] } }],
  ],
  [
    'PathPrefixStripRegex:/v{n:[0-9]+}',
    'PathRegexp(`^/v[0-9]+`)',
    [{ kind: 'replacePathRegex', options: { regex: '^/v[0-9]+/?(.*)', replacement: '/$1' } }],
  ],
  [
    'PathStripRegex:/{n:[0-9]+}',
    'PathRegexp(`^/[0-9]+$`)',
    [{ kind: 'replacePathRegex', options: { regex: '^/[0-9]+/?(.*)$', replacement: '/$1' } }],
  ],
  [
    'AddPrefix:/x;Host:a.example;PathPrefixStrip:/y',
    'Host(`a.example`) && PathPrefix(`/y`)',
    [
      { kind: 'stripPrefix', options: { prefixes: ['/y'] } },
      { kind: 'addPrefix', options: { prefix: '/x' } },
    ],
  ],
  ['AddPrefix:/x', 'PathPrefix(`/`)', [{ kind: 'addPrefix', options: { prefix: '/x' } }]],
  [
    'ReplacePath:/$now',
    'PathPrefix(`/`)',
    [{ kind: 'replacePathRegex', options: { regex: '^.*$', replacement: '/$$now' } }],
  ],
  [
    'ReplacePathRegex: ^/api/(.*) /$1',
    'PathPrefix(`/`)',
    [{ kind: 'replacePathRegex', options: { regex: '^/api/(.*)', replacement: '/$1' } }],
  ],
  ['Headers:Content-Type,application/json', 'Header(`Content-Type`, `application/json`)'],
  ['HeadersRegexp:Accept,text/.*', 'HeaderRegexp(`Accept`, `text/.*`)'],
  ['Query:a=b,c={n:[0-9]+},d', 'Query(`a`, `b`) && QueryRegexp(`c`, `^[0-9]+$`) && Query(`d`)'],
]
for (const [old, today, middlewares = []] of RULES) {
  test(old, () => {
    const translated = translateOldRule(old)
    assert.deepEqual(translated, { rule: today, middlewares })
    ruleOf(today)
  })
}

const ERRORS: [old: string, error: RegExp][] = [
  ['', /it is empty/],
  [';', /it is empty/],
  ['Hots:a.example', /there is no `Hots`/],
  ['Host:', /`Host` says nothing/],
  ['Host', /`Host` says nothing/],
  ['Headers:Accept', /a header has a name and, behind a comma, a value/],
  ['PathPrefix:/{id', /a `{` has no `}`/],
  ['ReplacePathRegex:^/api', /takes an expression and/],
  ['Host:a`) || Host(`b', /a back-tick or a control character/],
  [`Host:${'a'.repeat(5_000)}`, /longer than 4096 characters/],
]
for (const [old, error] of ERRORS) {
  test(`not understood: ${old.slice(0, 40)}`, () => {
    const translated = translateOldRule(old)
    assert.ok('error' in translated)
    assert.match(translated.error, error)
  })
}

test('whatever is written: a rule of today whose literals stay closed, or an error, and never an exception', () => {
  const word = fc.constantFrom(
    'Host',
    'HostRegexp',
    'Path',
    'PathPrefixStrip',
    'Headers',
    'Query',
    'Method',
    'AddPrefix',
  )
  const part = fc.tuple(word, fc.string()).map(([name, args]) => `${name}:${args}`)
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const translated = translateOldRule(parts.join(';'))
      if ('error' in translated) return
      const ticks = translated.rule.split('`').length - 1
      assert.equal(ticks % 2, 0)
    }),
  )
})
