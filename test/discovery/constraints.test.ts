import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileConstraints } from '../../src/discovery/constraints.ts'
import { renderRuleError } from '../../src/routing/rule-error.ts'

type Row = readonly [text: string, tags: readonly string[], expected: boolean]

function matches(text: string, kind: 'tag' | 'label', tags: readonly string[]): boolean {
  const compiled = compileConstraints(text, kind)
  if ('error' in compiled) assert.fail(compiled.error.message)
  return compiled.matches(tags)
}

describe('tags', () => {
  const rows: readonly Row[] = [
    ['', [], true],
    [' \n', ['a'], true],
    ['Tag(`blue`)', ['green', 'blue'], true],
    ['Tag(`blue`)', ['Blue', 'blue2'], false],
    ['Tag(`a=b`)', ['a=b'], true],
    ['TagRegex(`^v0`)', ['v0.1'], true],
    ['TagRegex(`^v0`)', ['xv0.1'], false],
    ['TagRegex(`v0`)', ['xv0.1'], true],
    ['TagRegex(``)', [], false],
    ['Tag(`a`) && !TagRegex(`^v0`)', ['a', 'v1'], true],
    ['Tag(`a`) && !TagRegex(`^v0`)', ['a', 'v0'], false],
    ['Tag(`a`) || Tag(`b`) && Tag(`c`)', ['a'], true],
    ['(Tag(`a`) || Tag(`b`)) && Tag(`c`)', ['a'], false],
    ['tag("a") && TAGREGEX("^b")', ['a', 'b'], true],
  ]
  for (const [text, tags, expected] of rows) {
    test(`${text || 'nothing'} ${expected ? 'takes' : 'leaves'} ${tags.join(' ')}`, () => {
      assert.equal(matches(text, 'tag', tags), expected)
    })
  }
})

describe('labels', () => {
  const rows: readonly Row[] = [
    ['Label(`env`, `prod`)', ['env=prod'], true],
    ['Label(`env`, `prod`)', ['env=prod2', 'xenv=prod'], false],
    ['Label(`Env`, `prod`)', ['env=prod'], false],
    ['Label(`a`, `b=c`)', ['a=b=c'], true],
    ['LabelRegex(`env`, `^pr`)', ['env=prod'], true],
    ['LabelRegex(`env`, `^pr`)', ['envy=prod', 'other=prod'], false],
    ['LabelRegex(`env`, `^$`)', ['env='], true],
    ['!Label(`env`, `prod`)', [], true],
  ]
  for (const [text, tags, expected] of rows) {
    test(`${text} ${expected ? 'takes' : 'leaves'} ${tags.join(' ')}`, () => {
      assert.equal(matches(text, 'label', tags), expected)
    })
  }
})

describe('errors, with their carets', () => {
  const cases: readonly (readonly ['tag' | 'label', ...string[]])[] = [
    ['tag', 'Tags(`a`)', '^^^^', 'unknown function `Tags`', 'did you mean `Tag`?'],
    ['tag', 'Label(`a`, `b`)', '^^^^^', 'unknown function `Label`', 'known: Tag, TagRegex'],
    ['label', 'Tag(`a`)', '^^^', 'unknown function `Tag`', 'known: Label, LabelRegex'],
    [
      'tag',
      'TagRegex(`(`)',
      '         ^^^',
      '`TagRegex`: `(` is no regular expression: missing closing ): `(`',
    ],
    [
      'label',
      'LabelRegex(`a`, `(`)',
      '                ^^^',
      '`LabelRegex`: `(` is no regular expression: missing closing ): `(`',
    ],
    ['label', 'Label(`a`)', '^^^^^', '`Label` takes 2 values, but got 1', 'write Label(`key`, `value`)'],
    ['tag', 'Tag(`a`) &&', '           ^', 'expected a condition such as `Tag(…)`, but found the end'],
    ['tag', "Tag('a')", '    ^', 'single quotes do not make a string', 'use back-ticks: `text`'],
  ]
  for (const [kind, text = '', carets, message, remedy] of cases) {
    test(text, () => {
      const compiled = compileConstraints(text, kind)
      assert.ok('error' in compiled)
      assert.equal(renderRuleError(text, compiled.error), `${text}\n${carets}`)
      assert.deepEqual([compiled.error.message, compiled.error.remedy], [message, remedy])
    })
  }
})
