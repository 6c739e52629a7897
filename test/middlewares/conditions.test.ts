import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileCondition, conditionComplaint } from '../../src/middlewares/conditions/condition.ts'
import type { ConditionFunction } from '../../src/middlewares/conditions/condition.ts'

interface Subject {
  readonly a: number
  readonly method: string
  readonly failed: boolean
}

const FUNCTIONS: Readonly<Record<string, ConditionFunction<Subject>>> = {
  A: { parameters: [], result: 'number', ask: ({ a }) => a },
  Sum: {
    parameters: ['one', 'other'],
    result: 'number',
    check: ([one = 0]) => (one > 9 ? 'one is at most 9' : undefined),
    ask: ({ a }, [one = 0, other = 0]) => a + one + other,
  },
  Method: { parameters: [], result: 'string', ask: ({ method }) => method },
  IsFailed: { parameters: [], result: 'boolean', ask: ({ failed }) => failed },
}
const SUBJECT = { a: 2, method: 'GET', failed: true }

const cases: [text: string, expected: boolean][] = [
  ['A() > 1', true],
  ['A() > 2', false],
  ['A() >= 2', true],
  ['A() < 2', false],
  ['A() <= 2.0', true],
  ['A() == 2', true],
  ['A() != 2', false],
  ['0.5 < A()', true],
  ['Sum(1, 2.5) == 5.5', true],
  ['IsFailed()', true],
  ['!IsFailed()', false],
  ['IsFailed() && A() < 3', true],
  ['IsFailed() && A() > 3', false],
  ['!IsFailed() || A() < 3', true],
  ['A() > 5 && A() > 6 || IsFailed()', true],
  ['A() > 5 && (A() > 6 || IsFailed())', false],
  ['!(A() > 5) && !!IsFailed()', true],
  ['Method() == "GET"', true],
  ['Method() != `GET`', false],
  ['  A()>1&&IsFailed()  ', true],
]
for (const [text, expected] of cases) {
  test(`${text} is ${expected}`, () => {
    assert.equal(compileCondition(text, FUNCTIONS)(SUBJECT), expected)
  })
}

const wrong: [text: string, complaint: RegExp][] = [
  ['', /^a function was expected, but it ends$/],
  ['A()', /^a comparison such as `> 0.5` was expected, but it ends$/],
  ['A( > 1', /^a number was expected, but there is `>` \(character \d+\)$/],
  ['A() > ', /^a function was expected, but it ends$/],
  ['Aa() > 1', /^there is no function `Aa`; did you mean `A`\?$/],
  ['toString() > 1', /^there is no function `toString`/],
  ['Sum(1) > 1', /^`Sum` takes the arguments one, other, not 1$/],
  ['A(1) > 1', /^`A` takes no arguments, not 1$/],
  ['Sum(10, 1) > 1', /^`Sum`: one is at most 9$/],
  ['A() > "x"', /^A\(\) is a number, and "x" a string$/],
  ['A() > 1 A() > 1', /^`&&`, `\|\|` or the end was expected/],
  ['(A() > 1', /^`\)` was expected, but it ends$/],
  ['A() > 1 & A() > 1', /^what is this: `& A\(\) > 1`$/],
  ["Method() == 'GET'", /^what is this: `'GET'`$/],
  ['A() > 1 '.repeat(200), /^it may have 1000 characters/],
]
for (const [text, complaint] of wrong) {
  test(`refuses ${text.slice(0, 30)}`, () => {
    assert.match(conditionComplaint(text, FUNCTIONS) ?? '', complaint)
  })
}

test('whatever is written is compiled or refused with a sentence', () => {
  const parts = ['A()', 'Sum(1,2)', '&&', '||', '!', '(', ')', '>', '==', '1', '"x"', 'IsFailed()', ',', ' ']
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 30 }), (words) => {
      const complaint = conditionComplaint(words.join(''), FUNCTIONS)
      if (complaint === undefined)
        assert.equal(typeof compileCondition(words.join(''), FUNCTIONS)(SUBJECT), 'boolean')
      else assert.match(complaint, /^\S.*[^.]$/s)
    }),
  )
})
