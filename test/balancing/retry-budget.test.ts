import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryBudget } from '../../src/balancing/retry-budget.ts'

/** Requests in one second, and how many retries they allow. */
const CASES: readonly (readonly [requests: number, allowed: number])[] = [
  [0, 10],
  [1, 10],
  [50, 10],
  [55, 11],
  [100, 20],
  [1_000, 200],
]
for (const [requests, allowed] of CASES) {
  test(`retry budget: ${requests} requests a second → ${allowed} retries`, () => {
    const budget = new RetryBudget()
    for (let i = 0; i < requests; i++) budget.request(5_000 + (i % 1_000))
    assert.equal(taken(budget, 5_999), allowed)
    assert.equal(taken(budget, 6_000), 10, 'and none of them is allowed twice')
    assert.equal(taken(budget, 7_000), 10)
  })
}

test('retry budget: what was not needed lasts for a second, and no longer', () => {
  const budget = new RetryBudget()
  for (let i = 0; i < 3_000; i++) budget.request(1_000 + i)
  assert.equal(taken(budget, 4_000), 200)
  for (let i = 0; i < 3_000; i++) budget.request(5_000 + i)
  assert.equal(taken(budget, 9_000), 10)
})

test('retry budget: an outage costs a fifth more in the long run, whatever the second that it begins in', () => {
  const budget = new RetryBudget()
  let retries = 0
  for (let i = 0; i < 20_000; i++) {
    budget.request(i * 2)
    if (budget.take(i * 2)) retries++
  }
  assert.ok(retries <= 0.2 * 20_000 + 10, `${retries}`)
  assert.ok(retries >= 0.19 * 20_000, `${retries}`)
})

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
