import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from '../../src/cli/table.ts'

const HEADS = ['NAME', 'RULE']

test('as wide as what is in it', () => {
  const text = table(
    HEADS,
    [
      ['a', 'x'],
      ['longer', 'y'],
    ],
    { width: 80, color: false },
  )
  assert.equal(text, 'NAME    RULE\na       x\nlonger  y')
})

for (const width of [20, 30, 40, 60]) {
  test(`cut to ${width} characters, the widest column first`, () => {
    const rows = [
      ['short', 'x'.repeat(100)],
      ['y'.repeat(25), 'z'],
    ]
    const lines = table(HEADS, rows, { width, color: false }).split('\n')
    for (const line of lines) assert.ok(line.length <= width, line)
    assert.ok(lines[1]!.startsWith('short') && lines[1]!.endsWith('…'))
  })
}

test('what is too long in the last column goes on below', () => {
  const text = table(HEADS, [['a', 'one two three']], { width: 15, color: false, wrapLast: true })
  assert.equal(text, 'NAME  RULE\na     one two\n      three')
})

test('colours when they are wanted, and none otherwise', () => {
  const rows = [['a', { text: 'ready', style: 'green' as const }]]
  assert.ok(table(HEADS, rows, { width: 80, color: true }).includes('\u001B[32mready\u001B[39m'))
  assert.ok(!table(HEADS, rows, { width: 80, color: false }).includes('\u001B'))
})

test('names cannot move the cursor', () => {
  assert.ok(!table(HEADS, [['a\u001B[2J', 'b\nc']], { width: 80, color: false }).includes('\u001B'))
})
