import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseConfigText } from '../../../src/config/file.ts'
import type { SourceNode } from '../../../src/config/source-tree.ts'
import { toPlain } from '../../../src/config/source-tree.ts'

const EQUAL = { a: { b: 1, c: ['x', true] }, d: { e: 'f' } }
const values: [name: string, file: string, text: string, expected: unknown][] = [
  ['YAML', 'x.yml', 'a:\n  b: 1\n  c: [x, true]\nd: { e: f }\n', EQUAL],
  ['TOML', 'x.toml', 'd = { e = "f" }\n[a]\nb = 1\nc = ["x", true]\n', EQUAL],
  ['JSON', 'x.json', '{"a":{"b":1,"c":["x",true]},\n\t"d":{"e":"f"}}', EQUAL],
  ['a byte order mark', 'x.yaml', '\uFEFFa: 1', { a: 1 }],
  ['aliases', 'x.yml', 'a: &a { b: 1 }\nc: *a', { a: { b: 1 }, c: { b: 1 } }],
  [
    'merge keys give way to the section itself',
    'x.yml',
    'a: &a { b: 1, c: 1 }\nd: { <<: *a, b: 2 }',
    { a: { b: 1, c: 1 }, d: { b: 2, c: 1 } },
  ],
  [
    'numbers that print otherwise stay text',
    'x.yml',
    'a: [1.10, 0123, 12345678901234567890, 1.5]',
    { a: ['1.10', '0123', '12345678901234567890', 1.5] },
  ],
  ['words that only old YAML takes for booleans', 'x.yml', 'a: [yes, on]', { a: ['yes', 'on'] }],
  ['keys that are no words', 'x.yml', '80: a\ntrue: b', { 80: 'a', true: 'b' }],
  ['keys of prototypes', 'x.json', '{"constructor":1}', { constructor: 1 }],
  [
    'everything that JSON has',
    'x.json',
    '\r\n { "a\\u00e9\\"" : [ -1.5e3 , 0.10, true,false,null ,"" ],"b":{ }, "c":[ ]\t}',
    { 'aé"': [-1_500, '0.10', true, false, null, ''], b: {}, c: [] },
  ],
  ['tables of tables', 'x.toml', '[[a.s]]\nu="x"\n[[a.s]]\nu="y"', { a: { s: [{ u: 'x' }, { u: 'y' }] } }],
  ['dates', 'x.toml', 'a = 1979-05-27', { a: '1979-05-27' }],
]
for (const [name, file, text, expected] of values) {
  test(`values: ${name}`, () => {
    const { node, problems } = parseConfigText(text, file)
    assert.deepEqual(problems, [])
    assert.deepEqual(node && toPlain(node), expected)
  })
}

for (const [file, text] of [
  ['x.yml', ''],
  ['x.yml', '# nothing\n'],
  ['x.yml', 'null'],
  ['x.toml', ''],
] as const) {
  test(`nothing: ${file} ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseConfigText(text, file), { node: undefined, problems: [] })
  })
}

const places: [file: string, text: string, expected: string[]][] = [
  ['x.yml', 'a:\n  b: 1\n  c:\n    - d: x\n', ['a@1:1', 'a.b@2:3=2:6', 'a.c@3:3', 'a.c.0.d@4:7=4:10']],
  ['x.toml', '[a]\nb = 1\n[[a.c]]\nd = "x"\n', ['a@1:2', 'a.b@2:1=2:5', 'a.c@3:5', 'a.c.0.d@4:1=4:5']],
  ['x.json', '{"a":{\n"b": 1,\n"c":[{"d":"x"}]}}', ['a@1:2', 'a.b@2:1=2:6', 'a.c@3:1', 'a.c.0.d@3:7=3:11']],
]
for (const [file, text, expected] of places) {
  test(`places: ${file}`, () => {
    const { node } = parseConfigText(text, file)
    assert.deepEqual([...placesOf(node!, '')], expected)
  })
}

const faults: [name: string, file: string, text: string, expected: string][] = [
  ['YAML: tab', 'x.yml', 'a:\n\tb: 1', '2:1 E104 tabs are not allowed as indentation'],
  ['YAML: key twice', 'x.yml', 'a: 1\na: 2', '2:1 E109 the key `a` stands twice in its section'],
  [
    'YAML: two documents',
    'x.yml',
    'a: 1\n---\nb: 1',
    '2:1 E104 a file holds one YAML document, and a second one starts here',
  ],
  ['YAML: alias of itself', 'x.yml', 'a: &a\n  b: *a', '2:6 E104 the alias *a contains itself'],
  ['YAML: list as key', 'x.yml', '[a]: 1', '1:1 E104 a key is a word, and not a list or a section'],
  [
    'YAML: too deep',
    'x.yml',
    '['.repeat(150) + ']'.repeat(150),
    '1:101 E104 sections are nested more than 100 deep',
  ],
  [
    'JSON: too deep',
    'x.json',
    '['.repeat(150) + ']'.repeat(150),
    '1:101 E104 sections are nested more than 100 deep',
  ],
  ['JSON: comma at the end', 'x.json', '{"a":1,}', '1:8 E104 not JSON: expected double-quoted property name'],
  ['JSON: value missing', 'x.json', '{"a":\n}', '2:1 E104 not JSON: unexpected "}"'],
  ['JSON: cut short', 'x.json', '[', '1:2 E104 not JSON: the text ends too early'],
  ['JSON: comment', 'x.json', '{} // x', '1:4 E104 not JSON: unexpected non-whitespace character'],
  ['JSON: key twice', 'x.json', '{"a":1,\n"a":2}', '2:1 E109 the key `a` stands twice in its section'],
  ['TOML: value missing', 'x.toml', 'a =\n', '1:4 E104 not TOML: invalid value'],
  [
    'TOML: key twice',
    'x.toml',
    'a = 1\na = 2',
    '2:1 E104 not TOML: trying to redefine an already defined table or value',
  ],
  [
    'TOML: too deep',
    'x.toml',
    'a.'.repeat(150) + 'b = 1',
    '1:201 E104 sections are nested more than 100 deep',
  ],
  ['NUL', 'x.yml', 'a: \0', '- E104 the file is not text in UTF-8'],
  [
    'bytes that are no UTF-8',
    'x.yml',
    Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]).toString(),
    '- E104 the file is not text in UTF-8',
  ],
  ['too large', 'x.yml', 'a'.repeat(16 * 1024 * 1024 + 1), '- E104 the file is larger than 16 MiB'],
  [
    'unknown ending',
    'x.ini',
    'a=1',
    '- E104 the format is told by the name, which must end in .yml, .yaml, .toml or .json',
  ],
]
for (const [name, file, text, expected] of faults) {
  test(`faults: ${name}`, () => {
    const { problems } = parseConfigText(text, file)
    const shown = problems.map(
      ({ origin: { line, column }, code, message }) =>
        `${line === undefined ? '-' : `${line}:${column}`} ${code} ${message}`,
    )
    assert.deepEqual(shown, [expected])
  })
}

test('aliases cannot make a small text large', () => {
  const levels = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [pair[0], pair[1]])) {
    levels.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join()}]`)
  }
  const { node, problems } = parseConfigText(levels.join('\n'), 'x.yml')
  assert.equal(node, undefined)
  assert.equal(problems[0]?.message, 'aliases make the file too large')
})

const MARKS = '{ } [ ] : , " - & * < ! | > # = a 1 .'.split(' ').concat(' ', '\n', '\t', "'")

test('no text whatsoever makes a parser throw', () => {
  const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...MARKS) }))
  fc.assert(
    fc.property(texts, fc.constantFrom('x.yml', 'x.toml', 'x.json'), (text, file) => {
      const { node, problems } = parseConfigText(text, file)
      assert.ok(node !== undefined || Array.isArray(problems))
    }),
    { numRuns: 2_000 },
  )
})

test('JSON means what JSON.parse says it means', () => {
  // Numbers that print otherwise than they are written stay text, so whole ones are compared.
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      tie('section'),
    ),
    section: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('any'),
      { maxKeys: 3, noNullPrototype: true },
    ),
  }))
  fc.assert(
    fc.property(value.section, fc.constantFrom(0, 2, '\t'), (section, indent) => {
      const text = JSON.stringify(section, null, indent)
      // U+FFFD stands for bytes that were no UTF-8, and is refused.
      fc.pre(!text.includes('\uFFFD'))
      const { node } = parseConfigText(text, 'x.json')
      assert.deepEqual(node && toPlain(node), JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test('JSON stands where YAML, which it is, says it stands', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '{', ',', 'é', '1'), minLength: 1 })
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, word, fc.boolean(), fc.integer(), tie('list'), tie('section')),
    list: fc.array(tie('any'), { maxLength: 3 }),
    section: fc.dictionary(word, tie('any'), { maxKeys: 3, noNullPrototype: true }),
  }))
  fc.assert(
    fc.property(any, fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify({ value }, null, indent)
      const [json, yaml] = ['x.json', 'x.yml'].map((file) => [
        ...placesOf(parseConfigText(text, file).node!, ''),
      ])
      assert.deepEqual(json, yaml)
    }),
    { numRuns: 300 },
  )
})

/** `path@key place=value place`; the values of sections and lists are left out. */
function* placesOf(node: SourceNode, path: string): Generator<string> {
  if (node.kind === 'list')
    for (const [i, item] of node.items.entries()) yield* placesOf(item, `${path}.${i}`)
  if (node.kind !== 'section') return
  for (const [key, value] of node.entries) {
    const name = path === '' ? key : `${path}.${key}`
    const at = value.keyOrigin
    const own = value.kind === 'scalar' ? `=${value.origin.line}:${value.origin.column}` : ''
    yield `${name}@${at?.line}:${at?.column}${own}`
    yield* placesOf(value, name)
  }
}
