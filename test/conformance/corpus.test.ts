import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORPUS } from './corpus.ts'
import { play } from './play.ts'

for (const [about, cases] of Object.entries(CORPUS)) {
  for (const sketch of cases) test(`${about}: ${sketch.name}`, () => play(sketch))
}

test('no two cases of the corpus have the same name', () => {
  const names = Object.values(CORPUS).flatMap((cases) => cases.map(({ name }) => name))
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  )
})
