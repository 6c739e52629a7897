import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MUTANTS } from './mutants.ts'
import { mutated } from './tree.ts'

test('each seeded fault can still be put in', () => {
  const stale = MUTANTS.flatMap((mutant) => {
    try {
      mutated(mutant)
      return []
    } catch (error) {
      return [String(error)]
    }
  })
  assert.deepEqual(stale, [], 'a fault that cannot be put in proves nothing: adapt its text')
})

test('there are at least 30 seeded faults', () => assert.ok(MUTANTS.length >= 30))
