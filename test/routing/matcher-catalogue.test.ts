import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadMatchers, matchersUsedBy } from '../../src/routing/matcher-catalogue.ts'
import { matchers, ruleOf } from './given-rules.ts'

test('all matchers, by the names that rules use', () => {
  assert.deepEqual(
    [...matchers.keys()],
    [
      'ClientIP',
      'Header',
      'HeaderRegexp',
      'Host',
      'HostRegexp',
      'Method',
      'Path',
      'PathPrefix',
      'PathRegexp',
      'Query',
      'QueryRegexp',
    ],
  )
})

test('the matchers that a rule uses, each once', () => {
  const rule = ruleOf('!(Host(`a`) || host(`b`)) && (ClientIP(`::1`) || Path(`/`))')
  assert.deepEqual([...matchersUsedBy(rule)], ['Host', 'ClientIP', 'Path'])
})

test('only those are loaded', async () => {
  const loaded = await loadMatchers(['ClientIP', 'PathPrefix'])
  assert.deepEqual([...loaded.keys()], ['ClientIP', 'PathPrefix'])
})

test('a matcher that does not exist is an error', async () => {
  await assert.rejects(loadMatchers(['Nothing']))
})
