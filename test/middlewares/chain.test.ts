import assert from 'node:assert/strict'
import { test } from 'node:test'
import chain from '../../src/middlewares/chain.ts'
import { complaintAbout, decodeOptions } from './make-middleware.ts'

test('a chain names its middlewares in order', () => {
  assert.deepEqual(chain.expand?.(decodeOptions(chain, { middlewares: ['b', 'a@file', 'b'] })), [
    'b',
    'a@file',
    'b',
  ])
})

test('tags write a chain as one text', () => {
  assert.deepEqual(chain.expand?.(decodeOptions(chain, { middlewares: 'b, a@file' })), ['b', 'a@file'])
})

test('an empty chain is refused', () => {
  assert.match(complaintAbout(chain, { middlewares: [] }) ?? '', /empty/)
})
