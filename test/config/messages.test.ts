import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printProblems } from '../../src/config/excerpt.ts'
import type { Problem } from '../../src/config/problem.ts'
import { load } from './load-given.ts'
import type { Given } from './load-given.ts'

const inFile = (text: string): Given => ({ files: { 'tidegate.yml': text } })

const mistakes: [name: string, given: Given, printed: string][] = [
  [
    'a misspelt key',
    inFile('entryPoints:\n  web:\n    address: ":80"\n    adress: ":80"\n'),
    'tidegate.yml:4:5: error E101: unknown key `adress` in `entryPoints.web`\n' +
      '    4 |     adress: ":80"\n' +
      '            ^\n' +
      '  → did you mean `address`?',
  ],
  [
    'a missing value',
    inFile('entryPoints:\n  web: {}\n'),
    'tidegate.yml:2:8: error E103: `entryPoints.web.address` is required\n' +
      '    2 |   web: {}\n' +
      '               ^\n' +
      '  → write, for example, `address: ":80"`',
  ],
  [
    'an address without a colon',
    inFile('entryPoints: { web: { address: 80 } }'),
    'tidegate.yml:1:32: error E102: `entryPoints.web.address`: expected `host:port` or `:port`, IPv6 in brackets\n' +
      '    1 | entryPoints: { web: { address: 80 } }\n' +
      '                                       ^',
  ],
  [
    'a wrong word',
    inFile('log:\n  level: debugg'),
    'tidegate.yml:2:10: error E102: `log.level`: expected `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `panic`\n' +
      '    2 |   level: debugg\n' +
      '                 ^\n' +
      '  → did you mean `debug`?',
  ],
  [
    'a negative duration, behind a tab',
    { files: { 'tidegate.json': '{\n\t"providers": { "providersThrottleDuration": "-1s" }\n}' } },
    'tidegate.json:2:46: error E102: `providers.providersThrottleDuration`: must not be negative\n' +
      '    2 | \t"providers": { "providersThrottleDuration": "-1s" }\n' +
      '        \t                                            ^',
  ],
  [
    'one address twice',
    inFile('entryPoints:\n  a: { address: ":80" }\n  b: { address: "127.0.0.1:80" }'),
    'tidegate.yml:3:17: error E102: entry points `a` and `b` listen on the same address\n' +
      '    3 |   b: { address: "127.0.0.1:80" }\n' +
      '                        ^\n' +
      '  → give one of them another port than 80',
  ],
  [
    'an unknown entry point',
    inFile('entryPoints:\n  web: { address: ":80" }\nping:\n  entryPoint: wbe'),
    'tidegate.yml:4:15: error E208: `ping.entryPoint` names the unknown entry point `wbe`\n' +
      '    4 |   entryPoint: wbe\n' +
      '                      ^\n' +
      '  → did you mean `web`?',
  ],
  [
    'a redirection to nowhere',
    { flags: ['--entryPoints.web.address=:80', '--entryPoints.web.http.redirections.entryPoint.to=secure'] },
    '--entryPoints.web.http.redirections.entryPoint.to (flags): error E208: ' +
      '`entryPoints.web.http.redirections.entryPoint.to` names the unknown entry point `secure`\n' +
      '  → there are `web`',
  ],
  [
    'routes in the static file',
    inFile('http:\n  routers: {}'),
    'tidegate.yml:1:1: error E101: unknown key `http`\n' +
      '    1 | http:\n' +
      '        ^\n' +
      '  → routers and services stand in a file that `providers.file` names',
  ],
  [
    'a misspelt variable',
    { env: { TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPONT_ADDRESS: 'x' } },
    'TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPONT_ADDRESS (environment): error E101: ' +
      'unknown variable `TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPONT_ADDRESS`\n' +
      '  → did you mean `TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_ADDRESS`?',
  ],
  [
    'a flag without its value',
    { flags: ['--log.level', '--ping'] },
    '--log.level (flags): error E103: the flag `--log.level` needs a value\n  → write `--log.level=…`',
  ],
  [
    'a flag twice',
    { flags: ['--log.level=info', '--log.level=warn'] },
    '--log.level (flags): error E109: the flag `--log.level` is given twice\n  → remove one of the two',
  ],
  ['a file that is not there', { file: 'none.yml' }, 'none.yml: error E107: the file does not exist'],
  [
    'a list in the place of everything',
    inFile('- a'),
    'tidegate.yml:1:1: error E102: the static configuration must be a section of names and values\n' +
      '    1 | - a\n' +
      '        ^',
  ],
]
for (const [name, given, printed] of mistakes) {
  test(`message: ${name}`, async () => {
    const { config, problems } = await load(given)
    assert.equal(config, undefined)
    assert.equal(printProblems(problems), printed)
  })
}

test('everything that is wrong is told at once, in the order of places', async () => {
  const { problems } = await load({
    ...inFile(
      'log: { level: x }\nping: { entryPoint: nowhere }\nfoo: 1\nentryPoints: { web: { address: y } }',
    ),
    env: { TIDEGATE_BAR: '1' },
    flags: ['--baz=1', 'stray'],
  })
  const heads = printProblems(problems)
    .split('\n\n')
    .map((text) => text.split(': ', 2).join(': '))
  assert.deepEqual(heads, [
    'tidegate.yml:1:15: error E102',
    'tidegate.yml:2:21: error E208',
    'tidegate.yml:3:1: error E101',
    'tidegate.yml:4:32: error E102',
    'TIDEGATE_BAR (environment): error E101',
    'flags: error E101',
    '--baz (flags): error E101',
  ])
})

const secret = 'hunter2-s3cr3t'
const leaks: [name: string, given: Given][] = [
  ['beside a mistake', inFile(`providers: { consulCatalog: { endpoint: { token: ${secret}, adress: x } } }`)],
  ['under a misspelt key', inFile(`providers:\n  consulCatalog:\n    endpoint:\n      tokn: ${secret}`)],
  ['under a key of nowhere', inFile(`basicAuthPassword: ${secret}`)],
  ['as the wrong type', inFile(`providers: { consulCatalog: { endpoint: { token: [${secret}] } } }`)],
  ['in a URL', inFile(`endpint: http://admin:${secret}@consul:8500`)],
  ['in a syntax error', inFile(`token: "${secret}" x\n`)],
  ['in broken JSON', { files: { 'tidegate.json': `{"token":"${secret}",}` } }],
  ['in broken TOML', { files: { 'tidegate.toml': `token = "${secret}` } }],
  ['in a flag', { flags: [`--providers.consulCatalog.endpoint.tokn=${secret}`] }],
  ['as a stray argument', { flags: ['--providers.consulCatalog.endpoint.token=', secret] }],
  ['as a broken flag', { flags: [`--providers.consulCatalog.endpoint.token:${secret}`] }],
  ['in a variable', { env: { TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_TOKN: secret } }],
  ['in the place of a section', { env: { TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT: secret } }],
]
for (const [name, given] of leaks) {
  test(`secrets are not shown: ${name}`, async () => {
    const { problems } = await load(given)
    assert.notEqual(problems.length, 0)
    assert.ok(!printProblems(problems).includes(secret), printProblems(problems))
    assert.ok(!JSON.stringify(problems).includes(secret))
  })
}

function problem(line: number, more: Partial<Problem> = {}): Problem {
  return {
    code: 'E101',
    severity: 'error',
    message: `number ${line}`,
    origin: { source: 'x.yml', line, column: 1 },
    ...more,
  }
}

test('at most twenty are printed, and the rest is counted', () => {
  const printed = printProblems(Array.from({ length: 25 }, (_, i) => problem(25 - i))).split('\n\n')
  assert.equal(printed.length, 21)
  assert.match(printed[0]!, /number 1$/)
  assert.equal(printed[20], '… and 5 more')
})

test('a long line is shown around the caret', () => {
  const excerpt = `${'a'.repeat(300)}X${'b'.repeat(300)}`
  const [, line = '', caret = ''] = printProblems([
    problem(1, { excerpt, origin: { source: 'x', line: 1, column: 301 } }),
  ]).split('\n')
  assert.equal(line, `    1 | …${'a'.repeat(50)}X${'b'.repeat(49)}…`)
  assert.equal(line[caret.indexOf('^')], 'X')
})

test('control characters do not reach the terminal', () => {
  const printed = printProblems([problem(1, { message: 'a\u001B[31m', excerpt: 'b\u0007\u009B' })])
  assert.match(printed, /^[^\p{Cc}]*(?:\n[^\p{Cc}]*)*$/u)
})

test('colours are written only on demand', () => {
  assert.ok(!printProblems([problem(1)]).includes('\u001B'))
  assert.ok(printProblems([problem(1)], { color: true }).includes('\u001B[31m'))
})
