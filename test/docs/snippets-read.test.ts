import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers } from './answers.ts'
import { snippetsOf } from './snippets.ts'

const FENCE = '```sh\ntrue\n```\n'

const read: [comment: string, use: object][] = [
  ['file: a/b.yml', { kind: 'file', name: 'a/b.yml', checked: true }],
  ['file: a.json', { kind: 'file', name: 'a.json', checked: false }],
  ['file: a.toml, with mistakes', { kind: 'file', name: 'a.toml', checked: false }],
  ['run', { kind: 'run', exit: 0 }],
  ['run: exits 2', { kind: 'run', exit: 2 }],
  ['stays: until "listens on"', { kind: 'stays', until: 'listens on' }],
  ['ask', { kind: 'ask' }],
  ['not run: nobody can do this', { kind: 'not run', reason: 'nobody can do this' }],
  ['run by: test/a.test.ts', { kind: 'run by', test: 'test/a.test.ts' }],
]
for (const [comment, use] of read) {
  test(`a snippet says how it is run: ${comment}`, () => {
    const { snippets } = snippetsOf(`# A\n\n<!-- ${comment} -->\n${FENCE}`)
    assert.deepEqual(snippets, [{ line: 4, language: 'sh', text: 'true\n', use }])
  })
}

const refused: [what: string, text: string, complaint: RegExp][] = [
  ['a snippet that says nothing', FENCE, /^Error: line 1: the snippet does not say how it is run/],
  ['a word that nobody knows', `<!-- runs -->\n${FENCE}`, /line 2: `runs` does not say/],
  ['no reason', `<!-- not run: no -->\n${FENCE}`, /`not run: no` does not say/],
  ['no code', `<!-- run: fails -->\n${FENCE}`, /`run: fails` does not say/],
  [
    'a comment that belongs to something else',
    `<!-- run -->\n\nText.\n\n${FENCE}`,
    /line 5: the snippet does not say/,
  ],
  ['a peer that nobody knows', '<!-- needs: oracle -->\n', /nobody knows `oracle`/],
]
for (const [what, text, complaint] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(() => snippetsOf(text), complaint)
  })
}

test('what a document needs, and fences of any length of text', () => {
  const { needs, snippets } = snippetsOf(
    `<!-- needs: consul, copy -->\n\n<!-- run -->\n\`\`\`sh\n\`\`\`\n\n<!-- ask -->\n${FENCE}`,
  )
  assert.deepEqual(needs, ['consul', 'copy'])
  assert.deepEqual(
    snippets.map(({ text, use }) => [text, use.kind]),
    [
      ['', 'run'],
      ['true\n', 'ask'],
    ],
  )
})

test('a document whose snippets are all run by another test', () => {
  const { snippets } = snippetsOf(`<!-- all run by: test/a.test.ts -->\n\n${FENCE}`)
  assert.deepEqual(
    snippets.map(({ use }) => use),
    [{ kind: 'run by', test: 'test/a.test.ts' }],
  )
})

const ANSWERS: [expected: string, holds: boolean][] = [
  ['Name: one\nHost: a', true],
  ['…\nHost: a', true],
  ['Host: …', true],
  ['Name: o…e', true],
  ['Host: a\nName: one', false],
  ['Name: on', false],
  ['ame: one', false],
  ['Name: one\nName: one', false],
]
for (const [expected, holds] of ANSWERS) {
  test(`an answer ${holds ? 'holds' : 'does not hold'}: ${JSON.stringify(expected)}`, () => {
    assert.equal(answers({ out: 'Name: one\n\n  Host: a\n', err: 'and more' }, expected), holds)
  })
}
