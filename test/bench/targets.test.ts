import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Figures } from '../../bench/figures.ts'
import type { Target } from '../../bench/targets.ts'
import { judge, TARGETS } from '../../bench/targets.ts'
import { selectTrials } from '../../bench/trials.ts'
import { parseOptions } from '../../bench/options.ts'

const RATIO: Target = {
  what: 'cost',
  trial: 'some',
  measure: 'cpu',
  of: 'we',
  against: 'they',
  must: { sign: '≤', value: 1.5 },
}
const AT_LEAST: Target = {
  what: 'rate',
  trial: 'some',
  measure: 'rate',
  of: 'we',
  must: { sign: '≥', value: 100 },
}

const CASES: [name: string, cpu: number[], rate: number, met: boolean[]][] = [
  ['both hold at their bounds', [15, 30], 100, [true, true]],
  ['both are missed', [16, 40], 99, [false, false]],
]
for (const [name, cpu, rate, met] of CASES) {
  test(`targets: ${name}`, () => {
    const figures = new Figures()
    for (const value of cpu) figures.add('some', 'we', { cpu: value, rate })
    for (const value of [10, 20]) figures.add('some', 'they', { cpu: value })
    const verdicts = judge(figures, [RATIO, AT_LEAST])
    assert.deepEqual(
      verdicts.map((verdict) => verdict.met),
      met,
    )
  })
}

test('targets: one without figures is not judged', () => {
  const figures = new Figures()
  figures.add('some', 'we', { cpu: Number.NaN })
  assert.deepEqual(judge(figures, [RATIO, AT_LEAST]), [])
})

test('targets: each belongs to a trial that there is', () => {
  const names = [['--full'], ['--memory']].flatMap((flags) =>
    selectTrials(parseOptions(flags)).map(({ name }) => name),
  )
  assert.deepEqual(
    TARGETS.filter(({ trial }) => !names.includes(trial)),
    [],
  )
})

test('targets: each is measured by the usual run, or by that of memory', () => {
  const names = [[], ['--memory']].flatMap((flags) =>
    selectTrials(parseOptions(flags)).map(({ name }) => name),
  )
  assert.deepEqual(
    TARGETS.filter(({ trial }) => !names.includes(trial)).map(({ trial }) => trial),
    [],
  )
})
