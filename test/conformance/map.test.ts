import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CORPUS } from './corpus.ts'
import { REQUIREMENTS } from './map.ts'
import type { Place } from './map.ts'
import { TOPICS } from './topics.ts'

const CASES = new Set(Object.values(CORPUS).flatMap((cases) => cases.map(({ name }) => name)))

function exists(place: Place): boolean {
  if (typeof place === 'string') return CASES.has(place)
  const [file, words] = place
  return readFileSync(new URL(`../proxy/${file}`, import.meta.url), 'utf8').includes(words)
}

test('the requirements are numbered 1 to 36', () => {
  assert.deepEqual(
    REQUIREMENTS.map(({ says }) => Number.parseInt(says, 10)),
    Array.from({ length: 36 }, (_, i) => i + 1),
  )
})

for (const { says, shownBy } of REQUIREMENTS) {
  test(`requirement ${says}`, () => {
    assert.notEqual(shownBy.length, 0, 'at least one case shows it')
    assert.deepEqual(
      shownBy.filter((place) => !exists(place)),
      [],
      'the cases that show it exist',
    )
  })
}

test('each topic has a case that exists', () => {
  const missing = Object.entries(TOPICS).filter(([, names]) => names.length === 0 || !names.every(exists))
  assert.deepEqual(missing, [])
})
