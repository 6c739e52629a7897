import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pluginNames, loadPlugin } from '../../src/discover.ts'
import { loadMatchers } from '../../src/routing/matcher-catalogue.ts'
import type { MatcherDefinition } from '../../src/routing/matcher.ts'
import { MATCHER_ROWS } from '../routing/matcher-rows.ts'

const FOLDER = new URL('../../src/routing/matchers/', import.meta.url)
const reference = readFileSync(new URL('../../docs/reference/matchers.md', import.meta.url), 'utf8')

for (const file of await pluginNames(FOLDER)) {
  const definition = await loadPlugin<MatcherDefinition>(FOLDER, file)
  const { name, parameters, summary } = definition

  test(`${file}: is named as its file is`, () => {
    assert.match(name, /^[A-Z][A-Za-z]*$/)
    assert.equal(name.toLowerCase(), file.toLowerCase())
  })

  test(`${file}: a worker finds it by the name that rules use`, async () => {
    assert.deepEqual([...(await loadMatchers([name]))], [[name, definition]])
  })

  test(`${file}: has a summary of one sentence`, () => {
    assert.match(summary, /^[A-Z][^\n]+\.$/)
  })

  test(`${file}: names its parameters, those that may be left out behind the others`, () => {
    assert.ok(parameters.length > 0)
    assert.match(parameters.join(' '), /^(?:[a-z]+(?: |$))*(?:[a-z]+\?(?: |$))*$/)
  })

  test(`${file}: has rows in the table of test/routing/matcher-rows.ts`, () => {
    const rows = MATCHER_ROWS[name] ?? []
    assert.ok(
      rows.some(([, , expected]) => expected),
      `${name} needs a request that it takes`,
    )
    assert.ok(
      rows.some(([, , expected]) => !expected),
      `${name} needs a request that it leaves`,
    )
    for (const [rule] of rows) assert.ok(rule.includes(`${name}(`), rule)
  })

  test(`${file}: never throws on strange arguments, and makes what it does not refuse`, () => {
    for (const strange of [
      '',
      ' ',
      '*',
      '(',
      '/',
      '\0',
      '\u{1F600}',
      '\uD800',
      'a'.repeat(5_000),
      '/'.repeat(5_000),
    ]) {
      const args = parameters.map(() => strange)
      if (definition.check?.(args) === undefined) assert.equal(typeof definition.create(args), 'function')
    }
  })

  test(`${file}: is in the reference`, () => {
    assert.ok(reference.includes(name), 'run npm run docs')
  })
}
