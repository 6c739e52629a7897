import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { PROBLEM_CODES } from '../../src/config/problem.ts'
import { WHY } from '../../src/proxy/why.ts'
import { METRICS } from '../../src/telemetry/metrics/catalogue.ts'

const TEXT = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')

const TABLES: [heading: string, codes: readonly string[]][] = [
  ['Every why-code', Object.keys(WHY)],
  ['Every problem code', Object.keys(PROBLEM_CODES)],
]
for (const [heading, codes] of TABLES) {
  test(`runbook: ${heading.toLowerCase()} has its row`, () => {
    const [, section = ''] = TEXT.split(`\n## ${heading}\n`)
    const rows = [...section.split('\n## ')[0]!.matchAll(/^\| `(\w+)` \|/gm)].map(([, code = '']) => code)
    assert.deepEqual(rows.toSorted(), codes.toSorted())
  })
}

test('runbook: every situation has its command, causes and remedy', () => {
  const situations = TEXT.split('\n## ').slice(3, -3)
  assert.ok(situations.length >= 10)
  for (const situation of situations)
    for (const part of ['**Command**', '**Causes**', '**Remedy**'])
      assert.ok(situation.includes(`\n- ${part}: `), `${situation.split('\n')[0]}: ${part}`)
})

test('runbook: the metrics that it names exist', () => {
  const named = [...TEXT.matchAll(/`tidegate_(\w+)`/g)].map(([, name = '']) => name)
  assert.ok(named.length >= 10)
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(METRICS, name)),
    [],
  )
})
