import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseExpression, parseRule } from '../../src/routing/parser.ts'
import { renderRuleError } from '../../src/routing/rule-error.ts'
import { errorOf, matchers, ruleOf, spelled } from './given-rules.ts'

/** Rules over conditions a, b, c …, each a Method of that name. */
function lettered(text: string): string {
  const rule = text.replaceAll(/[a-z]/g, (letter) => `Method(\`${letter}\`)`)
  return spelled(ruleOf(rule)).replaceAll('Method:', '')
}

describe('precedence', () => {
  const cases: readonly (readonly [rule: string, expected: string])[] = [
    ['a', 'a'],
    ['a && b', '(a & b)'],
    ['a || b && c', '(a | (b & c))'],
    ['a && b || c', '((a & b) | c)'],
    ['a || b && c || d', '((a | (b & c)) | d)'],
    ['(a || b) && c', '((a | b) & c)'],
    ['!a && b', '(!a & b)'],
    ['!(a && b)', '!(a & b)'],
    ['!!a', '!!a'],
    ['a && !b || !c', '((a & !b) | !c)'],
    ['((a))', 'a'],
    [' \ta&&\r\n b\n', '(a & b)'],
    ['a || b || c || d', '((a | b) | (c | d))'],
  ]
  for (const [rule, expected] of cases) test(rule, () => assert.equal(lettered(rule), expected))
})

describe('spelling of names', () => {
  for (const name of ['PathPrefix', 'pathprefix', 'PATHPREFIX', 'Pathprefix']) {
    test(name, () =>
      assert.deepEqual(ruleOf(`${name}(\`/\`)`), { op: 'match', name: 'PathPrefix', args: ['/'] }),
    )
  }
  for (const name of ['pathPrefix', 'PAthPrefix', 'ClientIp']) {
    test(`${name} is none`, () => assert.match(errorOf(`${name}(\`/\`)`).remedy ?? '', /^did you mean `/))
  }
})

describe('strings', () => {
  const cases: readonly (readonly [literal: string, expected: string])[] = [
    ['`/a`', '/a'],
    ['`/"\\n`', '/"\\n'],
    ['`/a\r\nb`', '/a\nb'],
    ['"/a"', '/a'],
    ['"/`"', '/`'],
    ['"/\\"\\\\\\t\\a"', '/"\\\t\u0007'],
    ['"/\\x41\\101\\u0041\\U00000041"', '/AAAA'],
    ['"/\\xc3\\xa9\\303\\251é"', '/ééé'],
    ['"/\\U0001F600😀"', '/😀😀'],
    ['"/\\xff"', '/\uFFFD'],
  ]
  for (const [literal, expected] of cases) {
    test(literal, () =>
      assert.deepEqual(ruleOf(`PathRegexp(${literal})`), {
        op: 'match',
        name: 'PathRegexp',
        args: [expected],
      }),
    )
  }
  test('a comma behind the last argument is allowed', () => {
    assert.equal(spelled(ruleOf('Header(`a`, `b`,)')), 'Header:a,b')
  })
})

/** What is printed: the line, the carets, the message, and the remedy if there is one. */
function printed(rule: string): string {
  const error = errorOf(rule)
  return [
    renderRuleError(rule, error),
    error.message,
    ...(error.remedy === undefined ? [] : [`→ ${error.remedy}`]),
  ].join('\n')
}

const KNOWN =
  'known: ClientIP, Header, HeaderRegexp, Host, HostRegexp, Method, Path, PathPrefix, PathRegexp, Query, QueryRegexp'

describe('errors, with their carets', () => {
  const cases: readonly (readonly string[])[] = [
    ['', '^', 'the expression is empty', '→ begin with `ClientIP(…)`'],
    ['   ', '^', 'the expression is empty', '→ begin with `ClientIP(…)`'],
    ['Hots(`a.example.com`)', '^^^^', 'unknown matcher `Hots`', '→ did you mean `Host`?'],
    [
      'Host(`a`) && Pathprefx(`/x`)',
      '             ^^^^^^^^^',
      'unknown matcher `Pathprefx`',
      '→ did you mean `PathPrefix`?',
    ],
    ['Zzz(`a`)', '^^^', 'unknown matcher `Zzz`', `→ ${KNOWN}`],
    ["Host('a')", '     ^', 'single quotes do not make a string', '→ use back-ticks: `text`'],
    ['Host(`a`', '        ^', 'expected `,` or `)`, but found the end'],
    ['Host(`a', '     ^', 'the back-tick here is never closed', '→ put a back-tick behind the text'],
    ['Host("a', '     ^', 'the quote here is never closed', '→ put a quote behind the text'],
    [
      'Host("\\q")',
      '      ^^',
      '`\\q` begins no escape that Go knows',
      '→ use back-ticks, in which nothing is escaped',
    ],
    [
      'Host("\\ud800")',
      '      ^^',
      '`\\u` begins no escape that Go knows',
      '→ use back-ticks, in which nothing is escaped',
    ],
    ['Host(a)', '     ^', 'expected a string in back-ticks, but found `a`'],
    ['Host(,)', '     ^', 'expected a string in back-ticks, but found `,`'],
    ['Host', '    ^', 'expected `(` behind `Host`, but found the end', '→ write Host(`domain`)'],
    ['Host()', '^^^^', '`Host` takes 1 value, but got 0', '→ write Host(`domain`)'],
    ['Header(`a`)', '^^^^^^', '`Header` takes 2 values, but got 1', '→ write Header(`name`, `value`)'],
    ['Query()', '^^^^^', '`Query` takes 1 or 2 values, but got 0', '→ write Query(`key`)'],
    ['Host(`a`) & Path(`/`)', '          ^', 'a single `&` means nothing', '→ write `&&`'],
    ['Host(`a`) && ', '            ^', 'expected a condition such as `ClientIP(…)`, but found the end'],
    ['&& Host(`a`)', '^^', 'expected a condition such as `ClientIP(…)`, but found `&&`'],
    ['Host(`a`) Path(`/`)', '          ^^^^', 'expected `&&` or `||` here, but found `Path`'],
    ['(Host(`a`)', '          ^', 'expected `)`, but found the end', '→ close the parenthesis'],
    ['Host(`a`))', '         ^', 'this parenthesis was never opened', '→ take it away'],
    ['Host(`a`) 😀', '          ^', 'unexpected character `😀`'],
    ['Path(`x`)', '     ^^^', '`Path`: `x` does not begin with `/`, so no path can match it'],
    ['HostSNI(`a`)', '^^^^^^^', 'unknown matcher `HostSNI`', `→ ${KNOWN}`],
  ]
  for (const [rule = '', ...lines] of cases) {
    test(rule === '' ? 'empty' : rule, () => assert.equal(printed(rule), [rule, ...lines].join('\n')))
  }

  test('the line that the error is in is shown, with tabs as wide as their carets', () => {
    assert.equal(
      printed('Host(`a`) &&\n\t\tMehtod(`GET`) &&\n  Path(`/`)'),
      '  Mehtod(`GET`) &&\n  ^^^^^^\nunknown matcher `Mehtod`\n→ did you mean `Method`?',
    )
  })

  test('an error at the very beginning, behind a line break, is shown', () => {
    assert.equal(renderRuleError('\nHost', { code: 'E201', message: '', offset: 0, length: 1 }), '\n^')
  })

  test('characters that could steer a terminal are not shown', () => {
    assert.equal(printed('\u001B[31mHost(`a`)').split('\n')[0], '\uFFFD[31mHost(`a`)')
  })

  test('of a long line, what is around the error is shown', () => {
    const [line = '', carets = ''] = printed(
      `${'Host(`a`) || '.repeat(40)}Hots(\`a\`) || ${'Host(`a`) || '.repeat(40)}Host(\`a\`)`,
    ).split('\n')
    assert.ok(line.length <= 102 && line.startsWith('…') && line.endsWith('…'), line)
    assert.equal(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1), 'Hots')
  })
})

describe('rules of older Traefiks', () => {
  const cases: readonly (readonly [rule: string, message: RegExp, remedy: string])[] = [
    [
      'Host:a.example.com;PathPrefix:/x',
      /Traefik version 1/,
      'write Host(`a.example.com`) && PathPrefix(`/x`)',
    ],
    [
      'Host: a.example, b.example ; Path:/x',
      /version 1/,
      'write (Host(`a.example`) || Host(`b.example`)) && Path(`/x`)',
    ],
    ['HostRegexp:{sub:[a-z]+}.example.com', /version 1/, 'write HostRegexp(`^[a-z]+\\.example\\.com$`)'],
    ['Headers:X-A,1;Query:a=b', /version 1/, 'write Header(`X-A`, `1`) && Query(`a`, `b`)'],
    [
      'PathPrefixStrip:/x',
      /version 1/,
      'write PathPrefix(`/x`), and add a middleware that does the rest of PathPrefixStrip',
    ],
    [
      'Host:a.example;AddPrefix:/x',
      /version 1/,
      'write Host(`a.example`), and add a middleware that does the rest of AddPrefix',
    ],
    ['Host:a;Bogus;;:', /version 1/, 'write Host(`a`)'],
    [
      `Host:${'a.example,'.repeat(100)}`,
      /version 1/,
      'write it as in version 3, such as Host(`a.example.com`) && PathPrefix(`/x`)',
    ],
    ['Host(`a`, `b`)', /takes 1 value, but got 2/, 'write Host(`a`) || Host(`b`)'],
    [
      'Path(`/a`, `/b/{id}`, `/c/{n:[0-9]{2}}`)',
      /got 3/,
      'write Path(`/a`) || PathRegexp(`^/b/[^/]+$`) || PathRegexp(`^/c/[0-9]{2}$`)',
    ],
    [
      'HostRegexp(`{sub:[a-z]+}.example.com`)',
      /`\{sub:\[a-z\]\+\}` is a placeholder/,
      'write HostRegexp(`^[a-z]+\\.example\\.com$`)',
    ],
    ['HostRegexp(`{sub}.example.com`)', /placeholder/, 'write HostRegexp(`^[^.]+\\.example\\.com$`)'],
    [
      'HostRegexp(`{any:.*}`, `{a:x|y}.b`)',
      /got 2/,
      'write HostRegexp(`^.*$`) || HostRegexp(`^(?:x|y)\\.b$`)',
    ],
    ['PathPrefix(`/{v:v[0-9]}/a`)', /placeholder/, 'write PathRegexp(`^/v[0-9]/a`)'],
    ['Query(`a=b`)', /not the name of a key/, 'write Query(`a`, `b`)'],
    ['Query(`a=b`, `c=d`, `e`)', /got 3/, 'write Query(`a`, `b`) || Query(`c`, `d`) || Query(`e`)'],
    ['Headers(`a`, `b`)', /unknown matcher/, 'did you mean `Header`?'],
  ]
  for (const [rule, message, remedy] of cases) {
    test(rule.slice(0, 60), () => {
      const error = errorOf(rule)
      assert.match(error.message, message)
      assert.equal(error.remedy, remedy)
    })
  }

  test('what remedies propose is right', () => {
    for (const [rule, , remedy] of cases) {
      const proposed = /^write ((?!it ).+?)(?:, and add .*)?$/.exec(remedy)?.[1]
      if (proposed !== undefined) assert.doesNotThrow(() => ruleOf(proposed), rule)
    }
  })
})

describe('limits', () => {
  const deep = (levels: number): string => `${'('.repeat(levels)}Host(\`a\`)${')'.repeat(levels)}`

  test('63 levels of parentheses', () => assert.equal(spelled(ruleOf(deep(63))), 'Host:a'))
  test('64 levels and a call are too many', () =>
    assert.equal(errorOf(deep(64)).message, 'nested deeper than 64 levels'))
  test('8,000 levels', () => assert.equal(errorOf(deep(8_000)).message, 'nested deeper than 64 levels'))
  test('8,000 negations', () =>
    assert.equal(errorOf(`${'!'.repeat(8_000)}Host(\`a\`)`).message, 'nested deeper than 64 levels'))
  test('8,000 parentheses that are never closed', () =>
    assert.equal(errorOf('('.repeat(8_000)).message, 'nested deeper than 64 levels'))
  test('1,000 conditions, which can be copied to a worker', () => {
    const rule = ruleOf(Array.from({ length: 1_000 }, () => 'Host(`a`)').join('||'))
    assert.deepEqual(structuredClone(rule), rule)
  })
  test('1,001 conditions', () => {
    assert.equal(
      errorOf(Array.from({ length: 1_001 }, () => 'Host(`a`)').join('||')).message,
      'more than 1000 conditions',
    )
  })
  test('16 KiB and one character', () => {
    assert.equal(
      errorOf(' '.repeat(16_385)).message,
      'an expression may have 16384 characters, this one has 16385',
    )
  })
})

describe('any text', () => {
  const word = fc.constantFrom(
    'Host',
    'HostRegexp',
    'PathPrefix',
    'Header',
    'Query',
    'Method',
    'ClientIP',
    'hots',
    '(',
    ')',
    '((',
    '!',
    '&&',
    '||',
    '&',
    ',',
    ' ',
    '\n',
    '`',
    '"',
    "'",
    '\\',
    '`a`',
    '`/x`',
    '"b"',
    '"\\x4"',
    '{n:',
    '}',
    ':',
    ';',
    '=',
    '\0',
    '😀',
    '\uD800',
    '`*`',
    '`10.0.0.0/8`',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
  )

  test('is parsed, or refused with a place in it that can be shown', () => {
    fc.assert(
      fc.property(text, (rule) => {
        const parsed = parseRule(rule, matchers)
        if ('rule' in parsed) return
        const { message, offset, length } = parsed.error
        assert.ok(message.length > 0 && offset >= 0 && offset <= rule.length && length >= 1)
        assert.match(renderRuleError(rule, parsed.error), /\n *\^+$/)
      }),
      { numRuns: 3_000 },
    )
  })

  test('within a string, however escaped, comes out as it went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const functions = [{ name: 'F', parameters: ['value'] }]
        // Every escape that JSON writes is one of Go's.
        const parsed = parseExpression(`F(${JSON.stringify(value)})`, functions)
        assert.deepEqual(parsed, { rule: { op: 'match', name: 'F', args: [value] } })
      }),
    )
  })
})
