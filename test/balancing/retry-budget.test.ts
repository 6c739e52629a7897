import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryBudget } from '../../src/balancing/retry-budget.ts'

/** Requests in one second, how many retries that second allows, and the next one without a request. */
const CASES: readonly (readonly [requests: number, allowed: number, next: number])[] = [
  [0, 10, 10],
  [1, 10, 10],
  [50, 10, 10],
  [51, 11, 11],
  [100, 20, 20],
  [1_000, 200, 200],
]
for (const [requests, allowed, next] of CASES) {
  test(`retry budget: ${requests} requests a second → ${allowed} retries`, () => {
    const budget = new RetryBudget()
    for (let i = 0; i < requests; i++) budget.request(5_000 + (i % 1_000))
    assert.equal(taken(budget, 5_999), allowed)
    assert.equal(taken(budget, 6_000), next, 'the last second counts for a second that has just begun')
    assert.equal(taken(budget, 7_000), 10, 'the one before does not')
  })
}

test('retry budget: a pause forgets what was', () => {
  const budget = new RetryBudget()
  for (let i = 0; i < 1_000; i++) budget.request(1_000)
  assert.equal(taken(budget, 60_000), 10)
})

function taken(budget: RetryBudget, now: number): number {
  let count = 0
  while (budget.take(now)) count++
  return count
}
