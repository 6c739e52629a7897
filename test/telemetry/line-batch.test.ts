import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineBatch } from '../../src/telemetry/line-batch.ts'

test('hands lines over together, after at most the delay', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sent: string[] = []
  const batch = new LineBatch({ send: (lines) => void sent.push(lines) })
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
  const batch = new LineBatch({ send: (lines) => void sent.push(lines), size: 10 })
  batch.add('12345\n')
  batch.add('67890\n')
  assert.deepEqual(sent, ['12345\n67890\n'])
})

test('a flush hands over what is there, and nothing when nothing is', () => {
  const sent: string[] = []
  const batch = new LineBatch({ send: (lines) => void sent.push(lines) })
  batch.flush()
  batch.add('one\n')
  batch.flush()
  batch.flush()
  assert.deepEqual(sent, ['one\n'])
})
