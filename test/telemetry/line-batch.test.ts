import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineBatch } from '../../src/telemetry/line-batch.ts'
import { giveBack, linesIn } from '../../src/telemetry/shared-lines.ts'
import type { SharedLines } from '../../src/telemetry/shared-lines.ts'

test('hands lines over together, after at most the delay', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sent: string[] = []
  const batch = new LineBatch({ send: (lines) => void sent.push(textOf(lines)) })
  batch.add('one\n')
  t.mock.timers.tick(60)
  batch.add('two\n')
  assert.deepEqual(sent, [])
  t.mock.timers.tick(40)
  assert.deepEqual(sent, ['one\ntwo\n'])
  t.mock.timers.tick(1_000)
  assert.equal(sent.length, 1)
  batch.add('three\n')
  t.mock.timers.tick(100)
  assert.deepEqual(sent[1], 'three\n')
})

test('hands lines over at once when there are many', () => {
  const sent: string[] = []
  const batch = new LineBatch({ send: (lines) => void sent.push(textOf(lines)), size: 20_000 })
  const line = `${'x'.repeat(4_095)}\n`
  batch.add(line)
  batch.add(line)
  assert.deepEqual(sent, [])
  // What comes next might not fit.
  batch.add(line)
  assert.deepEqual(sent, [line + line])
})

test('a line is handed over whole, however long it is and whatever it holds', () => {
  const sent: string[] = []
  const batch = new LineBatch({ send: (lines) => void sent.push(textOf(lines)), size: 10 })
  const lines = ['äöü\n', `${'€'.repeat(100)}\n`, '😀\n']
  for (const line of lines) batch.add(line)
  batch.flush()
  assert.equal(sent.join(''), lines.join(''))
})

test('memory that was handed over is written no more until it is given back', () => {
  const sent: SharedLines[] = []
  const batch = new LineBatch({ send: (lines) => void sent.push(lines), size: 1_000 })
  const hand = (line: string): SharedLines => {
    batch.add(line)
    batch.flush()
    return sent.at(-1)!
  }
  const lines = Array.from({ length: 20 }, (_, i) => `${'x'.repeat(i * 20)}\n`)
  const batches = lines.map(hand)
  assert.deepEqual(batches.map(textOf), lines)
  assert.equal(new Set(batches.map(({ memory }) => memory)).size, lines.length)
  giveBack(batches[1]!)
  const again = hand('again\n')
  assert.equal(again.memory, batches[1]!.memory)
  assert.equal(textOf(again), 'again\n')
  assert.deepEqual(batches.slice(2).map(textOf), lines.slice(2))
})

test('a flush hands over what is there, and nothing when nothing is', () => {
  const sent: string[] = []
  const batch = new LineBatch({ send: (lines) => void sent.push(textOf(lines)) })
  batch.flush()
  batch.add('one\n')
  batch.flush()
  batch.flush()
  assert.deepEqual(sent, ['one\n'])
})

function textOf(lines: SharedLines): string {
  return linesIn(lines).toString()
}
