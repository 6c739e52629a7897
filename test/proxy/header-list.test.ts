import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeaderList, sameName } from '../../src/proxy/header-list.ts'

const cases: [name: string, before: string[], change: (headers: HeaderList) => void, after: string[]][] = [
  ['append keeps what is there', ['A', '1'], (h) => h.append('a', '2'), ['A', '1', 'a', '2']],
  ['set adds what is not there', ['A', '1'], (h) => h.set('B', '2'), ['A', '1', 'B', '2']],
  [
    'set replaces in place, with its own spelling',
    ['A', '1', 'B', '2', 'C', '3'],
    (h) => h.set('b', '4'),
    ['A', '1', 'b', '4', 'C', '3'],
  ],
  [
    'set leaves one of several',
    ['A', '1', 'B', '2', 'a', '3', 'a', '4'],
    (h) => h.set('A', '5'),
    ['A', '5', 'B', '2'],
  ],
  ['delete removes all of a name', ['a', '1', 'B', '2', 'A', '3'], (h) => h.delete('A'), ['B', '2']],
  ['delete of what is not there changes nothing', ['A', '1'], (h) => h.delete('AB'), ['A', '1']],
  ['delete of the only field leaves none', ['A', '1'], (h) => h.delete('a'), []],
  ['a value that looks like a name is none', ['X', 'A', 'A', '1'], (h) => h.delete('A'), ['X', 'A']],
  [
    'names of object properties are names like others',
    ['A', '1'],
    (h) => h.set('__proto__', '2'),
    ['A', '1', '__proto__', '2'],
  ],
]
for (const [name, before, change, after] of cases) {
  test(name, () => {
    const headers = new HeaderList([...before])
    change(headers)
    assert.deepEqual(headers.fields, after)
  })
}

test('lookups ignore case and keep order', () => {
  const headers = new HeaderList(['Set-Cookie', 'a', 'X', 'set-cookie', 'SET-COOKIE', 'b'])
  assert.equal(headers.get('set-cookie'), 'a')
  assert.deepEqual(headers.getAll('Set-cookie'), ['a', 'b'])
  assert.equal(headers.has('X'), true)
  assert.equal(headers.has('Y'), false)
  assert.equal(headers.get('constructor'), undefined)
  assert.deepEqual(
    [...headers],
    [
      ['Set-Cookie', 'a'],
      ['X', 'set-cookie'],
      ['SET-COOKIE', 'b'],
    ],
  )
})

test('an empty value is a value', () => {
  const headers = new HeaderList(['A', ''])
  assert.equal(headers.get('a'), '')
  assert.equal(headers.has('a'), true)
})

test('two lists share nothing unless they are given the same fields', () => {
  const first = new HeaderList()
  first.append('A', '1')
  assert.deepEqual(new HeaderList().fields, [])
})

const names: [a: string, b: string, same: boolean][] = [
  ['Host', 'hOST', true],
  ['', '', true],
  ['A', '', false],
  ['X-A', 'X_A', false],
  ['a^', 'a~', false],
  ['a@', 'a`', false],
  ['a[', 'a{', false],
  ['a|', 'a\\', false],
  ['1', '\u0011', false],
  ['K', '\u212A', false],
]
for (const [a, b, same] of names) {
  test(`${JSON.stringify(a)} and ${JSON.stringify(b)} are ${same ? 'the same name' : 'two names'}`, () => {
    assert.equal(sameName(a, b), same)
    assert.equal(sameName(b, a), same)
  })
}

const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 4,
})

test('names are the same when their ASCII letters are, case ignored, and never else', () => {
  const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  fc.assert(fc.property(latin1, latin1, (a, b) => assert.equal(sameName(a, b), lower(a) === lower(b))))
  fc.assert(
    fc.property(latin1, (a) =>
      sameName(
        a,
        a.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
      ),
    ),
  )
})

type Step = readonly ['set' | 'append' | 'delete', string, string]
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('set', 'append', 'delete'),
  fc.constantFrom('A', 'a', 'B', 'b', 'Bb'),
  fc.constantFrom('1', '2', 'A'),
)

test('any changes in any order do what they do to a plain list of pairs', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const headers = new HeaderList()
      let model: [string, string][] = []
      for (const [kind, name, value] of steps) {
        headers[kind](name, value)
        model = applied(model, kind, name, value)
      }
      assert.deepEqual([...headers], model)
      assert.equal(headers.fields.length, model.length * 2)
    }),
  )
})

function applied(model: [string, string][], kind: Step[0], name: string, value: string): [string, string][] {
  const isSame = ([other]: [string, string]): boolean => other.toLowerCase() === name.toLowerCase()
  if (kind === 'append') return [...model, [name, value]]
  const first = model.findIndex(isSame)
  if (kind === 'delete') return model.filter((field) => !isSame(field))
  if (first < 0) return [...model, [name, value]]
  return model.flatMap((field, i): [string, string][] =>
    i === first ? [[name, value]] : isSame(field) ? [] : [field],
  )
}
