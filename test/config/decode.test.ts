import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode, decodeSchema } from '../../src/config/decode.ts'
import { fields as field } from '../../src/config/fields.ts'
import type { Origin } from '../../src/config/problem.ts'
import { fromPlain, list, scalar, section } from '../../src/config/source-tree.ts'
import type { SourceNode } from '../../src/config/source-tree.ts'

const ORIGIN: Origin = { source: 'test.yml', line: 1 }
const at = (line: number): Origin => ({ source: 'test.yml', line })
const tree = (value: unknown): SourceNode => fromPlain(value, ORIGIN)

const SHAPE = {
  name: field.string('Name.').default('none'),
  count: field.integer('Count.', { min: 0, max: 10 }).optional(),
  wait: field.duration('Wait.').prefault('2s'),
  tags: field.list('Tags.', field.string('Tag.')).default([]),
  servers: field
    .list(
      'Servers.',
      field.section('One.', { url: field.string('URL.'), weight: field.integer('Weight.').default(1) }),
    )
    .default([]),
  labels: field.record('Labels.', field.string('Label.')).default({}),
  tls: field.section('TLS.', { on: field.boolean('On.').default(false) }).optional(),
  key: field.file('Key.').optional(),
  later: field.pending('what comes later'),
}

const decoded: [name: string, value: unknown, expected: Record<string, unknown>][] = [
  ['defaults', {}, {}],
  ['keys in another case', { NAME: 'a', TaGs: ['x'] }, { name: 'a', tags: ['x'] }],
  ['text for a number', { count: '7' }, { count: 7 }],
  ['a number for text', { name: 17 }, { name: '17' }],
  ['a duration in seconds', { wait: 3 }, { wait: 3_000 }],
  ['a duration as text', { wait: '1m30s' }, { wait: 90_000 }],
  ['a list as one text', { tags: 'a, b' }, { tags: ['a', 'b'] }],
  ['an empty text as a list', { tags: '' }, { tags: [] }],
  ['a list by indexes, in their order', { tags: { 10: 'c', 2: 'b', 0: 'a' } }, { tags: ['a', 'b', 'c'] }],
  [
    'sections in lists',
    { servers: [{ url: 'http://a', weight: '3' }] },
    { servers: [{ url: 'http://a', weight: 3 }] },
  ],
  ['true for a section', { tls: 'true' }, { tls: { on: false } }],
  ['nothing for a section', { tls: null }, { tls: { on: false } }],
  ['false for a section', { tls: false }, {}],
]
for (const [name, value, expected] of decoded) {
  test(`takes ${name}`, () => {
    const result = decode(SHAPE, tree(value))
    assert.deepEqual(result.problems, [])
    assert.deepEqual(JSON.parse(JSON.stringify(result.value)), {
      name: 'none',
      wait: 2_000,
      tags: [],
      servers: [],
      labels: {},
      ...expected,
    })
  })
}

const refused: [name: string, value: unknown, message: RegExp][] = [
  ['a list for text', { name: ['a'] }, /^`name`: expected text$/],
  ['a section for a number', { count: { a: 1 } }, /^`count`: expected a whole number$/],
  ['a fraction for a whole number', { count: 1.5 }, /^`count`: expected a whole number$/],
  ['more than the most', { count: 11 }, /^`count`: must be at most 10$/],
  ['less than the least', { count: '-1' }, /^`count`: must not be negative$/],
  ['a number beyond all', { count: '9'.repeat(400) }, /^`count`/],
  ['words for a duration', { wait: 'soon' }, /^`wait`: expected a duration/],
  ['a section with names for a list', { tags: { a: 1 } }, /^`tags`: expected a list$/],
  ['text for a section', { tls: 'maybe' }, /^`tls`: expected a section$/],
  ['a list for a section', { tls: [1] }, /^`tls`: expected a section$/],
  ['text for a record', { labels: 'a' }, /^`labels`: expected a section$/],
  ['what is missing in an item', { servers: [{ url: 'a' }, {}] }, /^`servers\[1\]\.url` is required$/],
  ['a list for everything', ['a'], /^the value: expected a section$/],
]
for (const [name, value, message] of refused) {
  test(`refuses ${name}`, () => {
    const { value: result, problems } = decode(SHAPE, tree(value), { resource: 'thing x' })
    assert.equal(result, undefined)
    assert.equal(problems.length, 1)
    assert.match(problems[0]!.message, message)
    assert.equal(problems[0]!.resource, 'thing x')
  })
}

test('an unknown key costs only itself, and is named at its own place', () => {
  const node = section(
    new Map([
      ['nmae', { ...scalar('a', at(3)), keyOrigin: at(2) }],
      ['count', scalar(1, at(4))],
    ]),
    at(1),
  )
  const { value, problems } = decode(SHAPE, node)
  assert.equal(value?.count, 1)
  assert.deepEqual(problems, [
    {
      code: 'E101',
      severity: 'error',
      message: 'unknown key `nmae`',
      remedy: 'did you mean `name`?',
      origin: at(2),
    },
  ])
})

test('a complaint is about the place of its value', () => {
  const node = section(
    new Map<string, SourceNode>([
      ['servers', list([section(new Map([['weight', scalar('x', at(9))]]), at(8))], at(7))],
    ]),
    at(1),
  )
  const { problems } = decode(SHAPE, node)
  const found = problems.toSorted((a, b) => a.origin.line! - b.origin.line!)
  assert.deepEqual(
    found.map(({ message, origin }) => [message, origin.line]),
    [
      ['`servers[0].url` is required', 8],
      ['`servers[0].weight`: expected a whole number', 9],
    ],
  )
})

test('a value is never repeated in a complaint: it may be a secret', () => {
  for (const value of ['hunter2', ['hunter2'], { hunter2: 'hunter2' }]) {
    const { problems } = decode(
      { password: field.secret('P.'), count: field.integer('C.'), on: field.boolean('B.') },
      tree({ password: [value], count: value, on: value }),
    )
    assert.doesNotMatch(problems.map(({ message, remedy }) => `${message} ${remedy}`).join(), /hunter2/)
  }
})

test('files are not taken from service tags', () => {
  const { value, problems } = decode(SHAPE, tree({ key: '/etc/passwd' }), { trusted: false })
  assert.equal(value, undefined)
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['E110'],
  )
  assert.ok(decode(SHAPE, tree({ key: '/etc/passwd' })).value)
})

test('what is not built yet is named, and costs nothing', () => {
  const { value, problems } = decode(SHAPE, tree({ later: { a: [1] }, name: 'a' }))
  assert.equal(value?.name, 'a')
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [['E105', 'warning']],
  )
})

test('a key given twice in different case is named, and the first counts', () => {
  const { value, problems } = decode(
    SHAPE,
    section(
      new Map([
        ['name', scalar('a', at(2))],
        ['NAME', scalar('b', at(3))],
      ]),
      ORIGIN,
    ),
  )
  assert.equal(value?.name, 'a')
  assert.deepEqual(
    problems.map(({ code, origin }) => [code, origin]),
    [['E109', at(3)]],
  )
})

// ---- hostile input ------------------------------------------------------------------------------------------

/** Keys that mean something to JavaScript objects. */
const PROPERTIES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__']
for (const key of PROPERTIES) {
  test(`${key} is an unknown key in a section`, () => {
    const node = section(
      new Map([[key, section(new Map([['name', scalar('evil', ORIGIN)]]), ORIGIN)]]),
      ORIGIN,
    )
    const { value, problems } = decode(SHAPE, node)
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['E101'],
    )
    assert.equal(value?.name, 'none')
  })

  test(`${key} as a name of the user's choice reaches no prototype`, () => {
    const { value } = decode(
      SHAPE,
      section(new Map([['labels', section(new Map([[key, scalar('x', ORIGIN)]]), ORIGIN)]]), ORIGIN),
    )
    const labels = value?.labels ?? {}
    assert.equal(Object.getPrototypeOf(labels), Object.prototype)
    for (const name of Object.keys(labels)) assert.equal(Object.hasOwn(labels, name), true)
    assert.equal(({} as { x?: unknown }).x, undefined)
  })

  test(`${key} within what is kept as written reaches no prototype`, () => {
    const node = section(
      new Map([
        [
          'any',
          section(new Map([[key, section(new Map([['name', scalar('evil', ORIGIN)]]), ORIGIN)]]), ORIGIN),
        ],
      ]),
      ORIGIN,
    )
    const { value } = decode({ any: field.any('Any.') }, node)
    assert.equal(Object.getPrototypeOf(value?.any), Object.prototype)
    assert.equal((value?.any as { name?: unknown } | undefined)?.name, undefined)
  })
}

/** Sections in sections, `depth` of them. */
function deep(depth: number, wrap: (inner: SourceNode) => SourceNode): SourceNode {
  let node: SourceNode = scalar('x', ORIGIN)
  for (let i = 0; i < depth; i++) node = wrap(node)
  return node
}

const wraps: [name: string, wrap: (inner: SourceNode) => SourceNode][] = [
  ['sections', (inner) => section(new Map([['a', inner]]), ORIGIN)],
  ['lists', (inner) => list([inner], ORIGIN)],
]
for (const [name, wrap] of wraps) {
  test(`${name} nested a hundred thousand deep are a problem, not a crash`, { timeout: 20_000 }, () => {
    const { value, problems } = decodeSchema(field.any('Any.'), deep(100_000, wrap))
    assert.equal(value, undefined)
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['E102'],
    )
    assert.match(problems[0]!.message, /nested/)
  })
}

test('a list of a hundred thousand items is decoded in reasonable time', { timeout: 20_000 }, () => {
  const { value } = decode(SHAPE, tree({ tags: Array.from({ length: 100_000 }, (_, i) => `t${i}`) }))
  assert.equal(value?.tags.length, 100_000)
})

test('an index as large as can be written makes no list of that length', () => {
  const { value } = decode(SHAPE, tree({ tags: { 0: 'a', [String(2 ** 53)]: 'b', ['9'.repeat(50)]: 'c' } }))
  assert.deepEqual(value?.tags, ['a', 'b', 'c'])
})

test('a hundred thousand unknown keys are not compared for ever', { timeout: 20_000 }, () => {
  const { problems } = decode(
    SHAPE,
    tree(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`unknown${i}`, i]))),
  )
  assert.equal(problems.length, 100_000)
})

test('an absurdly long key is not compared for ever', { timeout: 20_000 }, () => {
  const { problems } = decode(SHAPE, tree({ ['x'.repeat(1_000_000)]: 1 }))
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['E101'],
  )
})

test('whatever is written, it is decoded or complained of, and never thrown at', () => {
  const value = fc.jsonValue({ maxDepth: 4 })
  const keys = fc.constantFrom(
    'name',
    'count',
    'wait',
    'tags',
    'servers',
    'labels',
    'tls',
    'key',
    'later',
    '__proto__',
    '',
  )
  const node = fc.dictionary(keys, value)
  fc.assert(
    fc.property(node, (plain) => {
      const { value: result, problems } = decode(SHAPE, tree(plain))
      if (result === undefined) assert.ok(problems.length > 0)
    }),
  )
})
