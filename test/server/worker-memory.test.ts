import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerLimits } from '../../src/server/worker-memory.ts'

const GIB = 1024 ** 3
const cases: [name: string, workers: number, memory: number, heap: number][] = [
  ['half of the memory, divided', 2, GIB, 256],
  ['never too little to hold a table', 4, GIB / 4, 64],
  ['never so much that collections get long', 1, 64 * GIB, 4_096],
]
for (const [name, workers, memory, heap] of cases) {
  test(name, () => assert.equal(workerLimits(workers, memory).maxOldGenerationSizeMb, heap))
}

test('this machine has memory', () => {
  assert.ok(workerLimits(1).maxOldGenerationSizeMb! >= 64)
})
