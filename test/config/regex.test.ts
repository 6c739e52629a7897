import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileRegex, MAX_REGEX_LENGTH, RegexError } from '../../src/config/regex.ts'

describe('finding', () => {
  const cases: readonly (readonly [source: string, text: string, expected: boolean])[] = [
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^abc$', 'abc', true],
    ['^b$', 'a\nb', false],
    ['(?m)^b$', 'a\nb', true],
    ['(?i)ABC', 'xabcx', true],
    ['[[:alpha:]]+\\z', '1a', true],
    ['\\pL', 'é', true],
    ['', '', true],
    ['a.c', 'a\nc', false],
  ]
  for (const [source, text, expected] of cases) {
    test(`/${source}/ in ${JSON.stringify(text)}`, () =>
      assert.equal(compileRegex(source).test(text), expected))
  }
})

describe('replacing as Go does', () => {
  const cases: readonly (readonly [source: string, text: string, replacement: string, expected: string])[] = [
    ['a', 'banana', 'o', 'bonono'],
    ['^/api/(.*)', '/api/x', '/$1', '/x'],
    ['(a)(b)?', 'a', '<$2>', '<>'],
    ['(a)', 'a', '$1x', ''],
    ['(a)', 'a', '${1}x', 'ax'],
    ['(?P<word>a)', 'a', '$word-$word', 'a-a'],
    ['(?P<word>a)', 'a', '${word}s', 'as'],
    ['(?P<word>a)', 'a', '$words', ''],
    ['(?<word>a)', 'a', '${word}', 'a'],
    ['a', 'a', '$$1', '$1'],
    ['a', 'a', '$0$0', 'aa'],
    ['(a)', 'a', '$01', ''],
    ['a', 'a', '$9', ''],
    ['a', 'a', '${99999999999}', ''],
    ['a', 'a', 'x$', 'x$'],
    ['a', 'a', '${', '${'],
    ['a', 'a', '${}', '${}'],
    ['a', 'a', '${a-b}', '${a-b}'],
    ['a', 'a', '$-$&', '$-$&'],
    ['a', 'a', '\\$1', '\\'],
    ['a*', 'baaac', 'x', 'xbxcx'],
    ['', 'ab', '-', '-a-b-'],
    ['', '', '-', '-'],
    ['', '😀', '-', '-😀-'],
    ['z', 'abc', 'x', 'abc'],
    ['constructor', 'constructor', '$toString', ''],
  ]
  for (const [source, text, replacement, expected] of cases) {
    test(`/${source}/ in ${text} by ${replacement}`, () => {
      assert.equal(compileRegex(source).replace(text, replacement), expected)
    })
  }
})

describe('refusing', () => {
  const cases: readonly (readonly [source: string, expected: string])[] = [
    ['(', '`(` is no regular expression: missing closing ): `(`'],
    ['a**', '`a**` is no regular expression: invalid nested repetition operator: `**`'],
    ['(?=a)', '`(?=a)` is no regular expression: invalid or unsupported Perl syntax: `(?=`'],
    ['a{1001}', '`a{1001}` is no regular expression: invalid repeat count: `{1001}`'],
    [
      '(?:a?b?){1000}',
      '`(?:a?b?){1000}` is too costly a regular expression: its counted repeats are too large',
    ],
    ['a'.repeat(1_001), 'a regular expression may have 1000 characters, this one has 1001'],
  ]
  for (const [source, message] of cases) {
    test(source.slice(0, 20), () => assert.throws(() => compileRegex(source), new RegexError(message)))
  }
})

test('an expression that makes backtracking engines hang is answered at once', () => {
  assert.equal(compileRegex('^(a+)+$').test(`${'a'.repeat(10_000)}!`), false)
})

test('nesting as deep as the length allows is compiled or refused, but never overflows the stack', () => {
  const depth = MAX_REGEX_LENGTH / 2
  for (const source of [
    '('.repeat(depth) + ')'.repeat(depth),
    '('.repeat(MAX_REGEX_LENGTH),
    '(?:'.repeat(333),
  ]) {
    try {
      compileRegex(source)
    } catch (error) {
      assert.ok(error instanceof RegexError)
    }
  }
})
