import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileExpression } from '../../src/routing/compile.ts'
import { parseExpression } from '../../src/routing/parser.ts'

interface Case {
  readonly text: string
  readonly expected: boolean
}

/**
 * An expression in its written form, with parentheses only where they are needed, and what it comes to. Bounded, so
 * that even the largest is within the parser's limits.
 */
function anyExpression(levels: number): fc.Arbitrary<Case> {
  return chain(
    chain(operandOf(levels), ' && ', (values) => !values.includes(false)),
    ' || ',
    (values) => values.includes(true),
  )
}

function operandOf(levels: number): fc.Arbitrary<Case> {
  const leaf = fc.boolean().map((expected) => ({ text: `Is(\`${expected}\`)`, expected }))
  const inner =
    levels === 0
      ? leaf
      : fc.oneof(
          leaf,
          anyExpression(levels - 1).map(({ text, expected }) => ({ text: `(${text})`, expected })),
        )
  return fc.oneof(
    inner,
    inner.map(({ text, expected }) => ({ text: `!${text}`, expected: !expected })),
  )
}

function chain(
  operand: fc.Arbitrary<Case>,
  operator: string,
  outcome: (values: boolean[]) => boolean,
): fc.Arbitrary<Case> {
  return fc.array(operand, { minLength: 1, maxLength: 3 }).map((operands) => ({
    text: operands.map(({ text }) => text).join(operator),
    expected: outcome(operands.map(({ expected }) => expected)),
  }))
}

const FUNCTIONS = [{ name: 'Is', parameters: ['value'] }]

test('any expression comes to what its operators say', () => {
  fc.assert(
    fc.property(anyExpression(2), ({ text, expected }) => {
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
