import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { defineMatcher } from '../../src/routing/matcher.ts'
import type { MatcherDefinition } from '../../src/routing/matcher.ts'
import { parseRule } from '../../src/routing/parser.ts'
import { RoutingTable } from '../../src/routing/table.ts'
import { matchers, predicateOf, requestFor, ruleOf } from './given-rules.ts'

type Line = readonly [name: string, rule: string, priority: number]

function tableOf(lines: readonly Line[]): RoutingTable<string> {
  const table = new RoutingTable<string>(matchers)
  for (const [name, rule, priority] of lines)
    table.set(name, { rule: ruleOf(rule), priority, target: `to ${name}` })
  return table
}

/** Matchers that count how often they are asked. */
function counting(): {
  readonly counted: ReadonlyMap<string, MatcherDefinition>
  readonly asked: () => number
} {
  let count = 0
  const wrap = (definition: MatcherDefinition): MatcherDefinition =>
    defineMatcher({
      ...definition,
      create(args) {
        const matches = definition.create(args)
        return (request) => {
          count++
          return matches(request)
        }
      },
    })
  return { counted: new Map([...matchers].map(([name, one]) => [name, wrap(one)])), asked: () => count }
}

describe('which router wins', () => {
  const cases: readonly (readonly [title: string, lines: readonly Line[], expected: string | undefined])[] = [
    ['none', [], undefined],
    ['none that matches', [['a', 'Host(`b.example.com`)', 1]], undefined],
    [
      'the higher priority',
      [
        ['a', 'Host(`a.example.com`)', 1],
        ['b', 'Host(`a.example.com`)', 2],
      ],
      'b',
    ],
    [
      'of equal ones, the name that comes first',
      [
        ['b', 'Host(`a.example.com`)', 1],
        ['a', 'Host(`a.example.com`)', 1],
      ],
      'a',
    ],
    [
      'negative priorities last',
      [
        ['a', 'Host(`a.example.com`)', -1],
        ['b', 'PathPrefix(`/`)', 0],
      ],
      'b',
    ],
    [
      'general above exact',
      [
        ['a', 'Host(`a.example.com`)', 1],
        ['b', 'PathPrefix(`/`)', 2],
      ],
      'b',
    ],
    [
      'exact above general',
      [
        ['a', 'Host(`a.example.com`)', 2],
        ['b', 'PathPrefix(`/`)', 1],
      ],
      'a',
    ],
    [
      'wildcard above exact',
      [
        ['a', 'Host(`a.example.com`)', 1],
        ['b', 'Host(`*.example.com`)', 2],
      ],
      'b',
    ],
    [
      'wildcard above general, tie by name',
      [
        ['b', 'Host(`*.example.com`)', 1],
        ['c', 'PathPrefix(`/`)', 1],
      ],
      'b',
    ],
    [
      'general before exact, tie by name',
      [
        ['b', 'Host(`a.example.com`)', 1],
        ['a', 'PathPrefix(`/`)', 1],
      ],
      'a',
    ],
    [
      'the next one when the first does not match',
      [
        ['a', 'Host(`a.example.com`) && Path(`/no`)', 9],
        ['b', 'Host(`*.example.com`) && Path(`/no`)', 8],
        ['c', 'Path(`/no`)', 7],
        ['d', 'Host(`a.example.com`)', 6],
      ],
      'd',
    ],
    ['one of several hosts', [['a', 'Host(`b.example.com`) || Host(`a.example.com`)', 1]], 'a'],
    ['a host or anything', [['a', 'Host(`b.example.com`) || PathPrefix(`/`)', 1]], 'a'],
    [
      'a host within parentheses',
      [['a', 'PathPrefix(`/`) && (Host(`a.example.com`) && Method(`GET`))', 1]],
      'a',
    ],
    ['not a host', [['a', '!Host(`b.example.com`)', 1]], 'a'],
    ['two hosts at once, never', [['a', 'Host(`a.example.com`) && Host(`b.example.com`)', 1]], undefined],
    ['any host', [['a', 'Host(`*`)', 1]], 'a'],
    ['any host or one', [['a', 'Host(`*`) || Host(`b.example.com`)', 1]], 'a'],
  ]
  for (const [title, lines, expected] of cases) {
    test(title, () => {
      const found = tableOf(lines).find(requestFor())
      assert.equal(found?.name, expected)
      assert.equal(found?.target, expected && `to ${expected}`)
    })
  }

  test('without a host, a router for any', () => {
    const table = tableOf([
      ['a', 'Host(`a.example.com`)', 2],
      ['b', 'Host(`*`)', 1],
    ])
    assert.equal(table.find(requestFor({ host: '' }))?.name, 'b')
  })

  test('a host without dots is not below itself', () => {
    assert.equal(
      tableOf([['a', 'Host(`*.localhost`)', 1]]).find(requestFor({ host: 'localhost' })),
      undefined,
    )
  })
})

describe('the cost of a look-up', () => {
  function askedAmong(count: number, host: string): number {
    const { counted, asked } = counting()
    const table = new RoutingTable<number>(counted)
    const set = (name: string, text: string): void => {
      const parsed = parseRule(text, counted)
      assert.ok('rule' in parsed)
      table.set(name, { rule: parsed.rule, priority: text.length, target: 0 })
    }
    for (let i = 0; i < count; i++) set(`host-${i}`, `Host(\`h${i}.example.com\`) && PathPrefix(\`/\`)`)
    for (let i = 0; i < count; i++) set(`wild-${i}`, `Host(\`*.w${i}.example.com\`)`)
    set('either', 'Host(`h3.example.com`) || Host(`*.w3.example.com`)')
    table.find(requestFor({ host }))
    return asked()
  }

  for (const host of ['h3.example.com', 'a.w3.example.com', 'other.example.com', 'localhost', '']) {
    test(`${host || 'no host'}: among 10,000 hosts as among ten`, () => {
      const few = askedAmong(10, host)
      assert.equal(askedAmong(10_000, host), few)
      assert.ok(few <= 3, `${few} conditions were asked`)
    })
  }

  test('a router under two of the lists is tried once', () => {
    const { counted, asked } = counting()
    const table = new RoutingTable<number>(counted)
    const rule = ruleOf('(Host(`a.example.com`) || Host(`*.example.com`)) && Method(`POST`)')
    table.set('a', { rule, priority: 1, target: 0 })
    assert.equal(table.find(requestFor()), undefined)
    assert.equal(asked(), 2)
  })
})

describe('changing', () => {
  test('a replaced router leaves the lists of its old rule', () => {
    const table = tableOf([['a', 'Host(`a.example.com`) || Host(`*.b.example.com`)', 1]])
    table.set('a', { rule: ruleOf('Host(`c.example.com`)'), priority: 1, target: 'new' })
    assert.equal(table.find(requestFor({ host: 'a.example.com' })), undefined)
    assert.equal(table.find(requestFor({ host: 'x.b.example.com' })), undefined)
    assert.equal(table.find(requestFor({ host: 'c.example.com' }))?.target, 'new')
  })

  test('a changed priority takes effect', () => {
    const table = tableOf([
      ['a', 'PathPrefix(`/`)', 1],
      ['b', 'PathPrefix(`/`)', 2],
    ])
    table.set('a', { rule: ruleOf('PathPrefix(`/`)'), priority: 3, target: '' })
    assert.equal(table.find(requestFor())?.name, 'a')
  })

  test('an unknown name is deleted without effect', () => {
    const table = tableOf([['a', 'PathPrefix(`/`)', 1]])
    table.delete('b')
    assert.equal(table.find(requestFor())?.name, 'a')
  })

  test('a rule whose matcher is not loaded leaves the table as it was', () => {
    const table = tableOf([['a', 'PathPrefix(`/`)', 1]])
    const rule = { op: 'match', name: 'Nothing', args: [] } as const
    assert.throws(() => table.set('a', { rule, priority: 1, target: '' }), /matcher `Nothing` is not loaded/)
    assert.equal(table.find(requestFor())?.name, 'a')
  })

  test('after any changes, the router is the one that trying all would find', () => {
    const rule = fc.constantFrom(
      'Host(`a.x`)',
      'Host(`b.x`)',
      'Host(`*.x`)',
      'Host(`*`)',
      'PathPrefix(`/`)',
      'Path(`/no`)',
      '!Host(`a.x`)',
      'Host(`a.x`) || Host(`*.x`)',
      'Host(`a.x`) || Path(`/`)',
      'Host(`*.x`) && Path(`/no`)',
      'Host(`a.x`) && Host(`*.x`)',
    )
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const change = fc.oneof(fc.tuple(name, rule, fc.integer({ min: -1, max: 1 })), fc.tuple(name))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const table = new RoutingTable<string>(matchers)
        const plain = new Map<string, Line>()
        for (const [one, text, priority] of changes) {
          if (text === undefined || priority === undefined) {
            table.delete(one)
            plain.delete(one)
          } else {
            table.set(one, { rule: ruleOf(text), priority, target: text })
            plain.set(one, [one, text, priority])
          }
        }
        for (const host of ['a.x', 'b.x', 'x', 'c', '']) assertSame(table, [...plain.values()], host)
      }),
      { numRuns: 300 },
    )
  })
})

function assertSame(table: RoutingTable<string>, lines: readonly Line[], host: string): void {
  const request = requestFor({ host })
  const sorted = lines.toSorted((a, b) => b[2] - a[2] || (a[0] < b[0] ? -1 : 1))
  const expected = sorted.find(([, text]) => predicateOf(text)(request))
  assert.equal(table.find(request)?.name, expected?.[0])
  assert.equal(table.explain(request).find(({ matched }) => matched)?.route.name, expected?.[0])
}

describe('explaining', () => {
  test('every router that may be tried, in order, each once', () => {
    const table = tableOf([
      ['other', 'Host(`b.example.com`)', 9],
      ['exact', 'Host(`a.example.com`) && Path(`/no`)', 5],
      ['both', 'Host(`a.example.com`) || Host(`*.example.com`)', 4],
      ['wild', 'Host(`*.example.com`)', 4],
      ['all', 'PathPrefix(`/`)', 4],
    ])
    assert.deepEqual(
      table.explain(requestFor()).map(({ route, matched }) => [route.name, matched]),
      [
        ['exact', false],
        ['all', true],
        ['both', true],
        ['wild', true],
      ],
    )
  })
})
