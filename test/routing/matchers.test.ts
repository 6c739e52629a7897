import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errorOf, predicateOf, requestFor } from './given-rules.ts'
import { MATCHER_ROWS } from './matcher-rows.ts'

for (const [name, rows] of Object.entries(MATCHER_ROWS)) {
  describe(name, () => {
    for (const [rule, asked, expected] of rows) {
      test(`${rule} ${expected ? 'takes' : 'leaves'} ${JSON.stringify(asked)}`, () => {
        assert.equal(predicateOf(rule)(requestFor(asked)), expected)
      })
    }
  })
}

describe('arguments that can match nothing are refused', () => {
  const cases: readonly (readonly [rule: string, message: string])[] = [
    ['Host(``)', '`Host`: `` is no host name'],
    [
      'Host(`*.`)',
      '`Host`: `*.` is no host name: `*` may only be the whole first label, as in `*.example.com`',
    ],
    ['Host(`.`)', '`Host`: `.` is no host name'],
    ['Host(`a..b`)', '`Host`: `a..b` is no host name'],
    ['Host(`münchen.example`)', '`Host`: `münchen.example` is not ASCII; write it in punycode (`xn--…`)'],
    // The Kelvin sign, whose lower case is the ASCII letter.
    ['Host(`\u212A.example`)', '`Host`: `\u212A.example` is not ASCII; write it in punycode (`xn--…`)'],
    ['Host(`a.example.com:80`)', '`Host`: `a.example.com:80` is no host name: leave out the port'],
    ['Host(`https://a.example`)', '`Host`: `https://a.example` is no host name: leave out scheme and path'],
    [
      'Host(`a.example, b.example`)',
      '`Host`: `a.example, b.example` is no host name: one host per Host(…), with `||` between',
    ],
    [
      'Host(`a.*.com`)',
      '`Host`: `a.*.com` is no host name: `*` may only be the whole first label, as in `*.example.com`',
    ],
    ['HostRegexp(`(`)', '`HostRegexp`: `(` is no regular expression: missing closing ): `(`'],
    ['HostRegexp(`é`)', '`HostRegexp`: `é` is not ASCII; write hosts in punycode (`xn--…`)'],
    ['Path(`a`)', '`Path`: `a` does not begin with `/`, so no path can match it'],
    ['Path(``)', '`Path`: `` does not begin with `/`, so no path can match it'],
    ['Path(`/a?b=1`)', '`Path`: `/a?b=1` holds `?`, which no path does'],
    ['PathPrefix(`a`)', '`PathPrefix`: `a` does not begin with `/`, so no path can match it'],
    ['PathRegexp(`[`)', '`PathRegexp`: `[` is no regular expression: missing closing ]: `[`'],
    ['Header(`X A`, `1`)', '`Header`: `X A` is no field name'],
    ['Header(``, `1`)', '`Header`: `` is no field name'],
    ['HeaderRegexp(`X-A:`, `1`)', '`HeaderRegexp`: `X-A:` is no field name'],
    [
      'HeaderRegexp(`X-A`, `*`)',
      '`HeaderRegexp`: `*` is no regular expression: missing argument to repetition operator: `*`',
    ],
    ['Method(`GET,POST`)', '`Method`: `GET,POST` is no method'],
    ['Query(`a=1`)', '`Query`: `a=1` is not the name of a key'],
    ['QueryRegexp(`a`, `(`)', '`QueryRegexp`: `(` is no regular expression: missing closing ): `(`'],
    ...[
      '',
      '10.0.0',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '010.0.0.1',
      'fe80::1%eth0',
      'a.example',
      '10.0.0.1 ',
    ].map(
      (range) =>
        [
          `ClientIP(\`${range}\`)`,
          `\`ClientIP\`: \`${range}\` is neither an IP address nor a CIDR range`,
        ] as const,
    ),
  ]
  for (const [rule, message] of cases) {
    test(rule, () => {
      const error = errorOf(rule)
      assert.deepEqual([error.code, error.message], ['E203', message])
    })
  }
})
