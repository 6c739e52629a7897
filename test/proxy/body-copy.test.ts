import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Body } from '../../src/proxy/body.ts'
import { BodyCopy } from '../../src/proxy/body-copy.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { MemoryBudget } from '../../src/proxy/memory-budget.ts'

function outcomeOf(copy: BodyCopy): boolean | undefined {
  let whole: boolean | undefined
  copy.onSettled((is) => (whole = is))
  return whole
}

test('a copy gives the body anew as often as it is asked, trailers included', async () => {
  const body = new Body(undefined, null)
  const copy = new BodyCopy(body, 10, new MemoryBudget(10))
  body.push(Buffer.from('ab'))
  assert.equal(outcomeOf(copy), undefined)
  body.push(Buffer.from('c'))
  body.end(new HeaderList(['X', 'y']))
  assert.equal(outcomeOf(copy), true)
  for (const anew of [copy.body(), copy.body()]) {
    assert.equal(Buffer.concat(await Array.fromAsync(anew)).toString(), 'abc')
    assert.equal(anew.length, undefined)
    assert.equal(anew.trailers?.get('x'), 'y')
  }
})

for (const [what, limit, memory] of [
  ['it is over the limit', 2, 10],
  ['there is no memory for it', 10, 2],
] as const) {
  test(`a copy is lost when ${what}, and holds nothing then; the body goes on`, async () => {
    const budget = new MemoryBudget(memory)
    const body = new Body(undefined, null)
    const copy = new BodyCopy(body, limit, budget)
    body.push(Buffer.from('ab'))
    body.push(Buffer.from('c'))
    body.push(Buffer.from('d'))
    body.end()
    assert.equal(outcomeOf(copy), false)
    assert.ok(budget.take(memory), 'all memory is free')
    assert.equal(Buffer.concat(await Array.fromAsync(body)).toString(), 'abcd')
  })
}

test('memory is free again when the copy is of no more use', () => {
  const budget = new MemoryBudget(3)
  const copy = new BodyCopy(Body.of(Buffer.from('abc')), 3, budget)
  assert.ok(!budget.take(1))
  copy.release()
  assert.ok(budget.take(3))
})
