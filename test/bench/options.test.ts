import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from '../../bench/options.ts'
import { selectTrials } from '../../bench/trials.ts'

const WRONG: [name: string, args: string[], message: RegExp][] = [
  ['no number', ['--rounds=many'], /--rounds=many is not a whole number/],
  ['no time at all', ['--seconds=0'], /--seconds=0 is not a whole number/],
  ['a fraction', ['--rounds=1.5'], /--rounds=1\.5 is not a whole number/],
  ['an unknown option', ['--round=3'], /'--round'/],
  ['a trial that there is not', ['--only=get-100b,teapot'], /--only=teapot fits no trial/],
]
for (const [name, args, message] of WRONG) {
  test(`options: ${name} is refused by name`, () => {
    assert.throws(() => selectTrials(parseOptions(args)), message)
  })
}

test('options: rounds of one’s own win over those of --quick', () => {
  assert.deepEqual(parseOptions(['--quick', '--rounds=7']).effort, { rounds: 7, seconds: 1 })
})

test('options: at least ten rounds unless asked otherwise', () => {
  assert.equal(parseOptions([]).effort.rounds >= 10, true)
})

test('options: a part of a name selects all trials that have it, usual or not', () => {
  const names = selectTrials(parseOptions(['--only=post-10k-tls'])).map(({ name }) => name)
  assert.equal(names.length, 6)
  assert.equal(
    names.every((name) => name.includes('post-10k-tls')),
    true,
  )
})
