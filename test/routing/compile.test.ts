import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileExpression } from '../../src/routing/compile.ts'
import { parseExpression } from '../../src/routing/parser.ts'

interface Case {
  readonly text: string
  readonly expected: boolean
}

/** An expression in its written form, with parentheses only where they are needed, and what it comes to. */
const { any } = fc.letrec<{ any: Case; all: Case; one: Case }>((tie) => ({
  any: chain(tie('all'), ' || ', (values) => values.includes(true)),
  all: chain(tie('one'), ' && ', (values) => !values.includes(false)),
  one: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.boolean().map((expected) => ({ text: `Is(\`${expected}\`)`, expected })),
    tie('one').map(({ text, expected }) => ({ text: `!${text}`, expected: !expected })),
    tie('any').map(({ text, expected }) => ({ text: `(${text})`, expected })),
  ),
}))

function chain(
  operand: fc.Arbitrary<Case>,
  operator: string,
  outcome: (values: boolean[]) => boolean,
): fc.Arbitrary<Case> {
  return fc.array(operand, { minLength: 1, maxLength: 5 }).map((operands) => ({
    text: operands.map(({ text }) => text).join(operator),
    expected: outcome(operands.map(({ expected }) => expected)),
  }))
}

const FUNCTIONS = [{ name: 'Is', parameters: ['value'] }]

test('any expression comes to what its operators say', () => {
  fc.assert(
    fc.property(any, ({ text, expected }) => {
      const parsed = parseExpression(text, FUNCTIONS)
      assert.ok('rule' in parsed)
      const compiled = compileExpression<undefined>(
        parsed.rule,
        ({ args }) =>
          () =>
            args[0] === 'true',
      )
      assert.equal(compiled(undefined), expected)
    }),
    { numRuns: 500 },
  )
})

test('conditions are asked from left to right, and no further than needed', () => {
  const parsed = parseExpression('Is(`1`) && Is(`0`) && Is(`2`) || Is(`3`) || Is(`4`) || Is(`5`)', FUNCTIONS)
  assert.ok('rule' in parsed)
  const asked: string[] = []
  const compiled = compileExpression<undefined>(parsed.rule, ({ args: [value = ''] }) => () => {
    asked.push(value)
    return value !== '0' && value !== '3'
  })
  assert.equal(compiled(undefined), true)
  assert.deepEqual(asked, ['1', '0', '3', '4'])
})
