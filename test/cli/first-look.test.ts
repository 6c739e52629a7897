import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookOnce } from '../../src/cli/first-look.ts'
import type { Problem } from '../../src/config/problem.ts'
import { defineProvider } from '../../src/discovery/provider.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'

const FAILURE: Problem = { code: 'E402', severity: 'error', message: 'no', origin: { source: 'x' } }

function provider(create: (tools: ProviderTools) => AsyncIterable<Update>) {
  return defineProvider({
    summary: 'A test.',
    options: () => ({}),
    tagged: true,
    create: (_, tools) => create(tools),
  })
}

const forever = (tools: ProviderTools): Promise<void> =>
  new Promise((_, reject) =>
    tools.signal.addEventListener('abort', () => reject(tools.signal.reason as Error)),
  )

test('first look: all parts that come soon after each other', async () => {
  const look = await lookOnce(
    'consulCatalog',
    provider(async function* (tools) {
      yield { part: 'one', instances: [] }
      await tools.sleep(1)
      yield { part: 'two', instances: [] }
      yield { part: 'three', failure: FAILURE }
      await forever(tools)
    }),
    {},
    { limit: 10_000, quiet: 300 },
  )
  assert.equal(look.name, 'consulcatalog')
  assert.deepEqual([...look.parts.keys()], ['one', 'two'])
  assert.deepEqual(look.problems, [FAILURE])
})

test('first look: a provider is told to end', async () => {
  let cancelled = false
  await lookOnce(
    'x',
    provider(async function* (tools) {
      tools.signal.addEventListener('abort', () => (cancelled = true))
      yield { instances: [] }
      await forever(tools)
    }),
    {},
    { limit: 10_000, quiet: 1 },
  )
  assert.ok(cancelled)
})

test('first look: silence is a problem, after the time that it may take', async () => {
  const look = await lookOnce(
    'ecs',
    provider(async function* (tools) {
      await forever(tools)
      yield { instances: [] }
    }),
    {},
    { limit: 20, quiet: 1 },
  )
  assert.deepEqual(
    look.problems.map(({ code, message }) => [code, message]),
    [['E401', 'ecs has not answered within 0.02 s']],
  )
})

test('first look: what breaks is a problem, and not the end of the program', async () => {
  const look = await lookOnce(
    'x',
    // oxlint-disable-next-line require-yield
    provider(async function* () {
      throw new Error('no luck')
    }),
    {},
    { limit: 1_000, quiet: 1 },
  )
  assert.deepEqual(
    look.problems.map(({ code, message }) => [code, message]),
    [['E401', 'the provider x broke: no luck']],
  )
})

test('first look: to fail again and again is no news', async () => {
  let attempts = 0
  const look = await lookOnce(
    'x',
    provider(async function* (tools) {
      for (;;) {
        attempts++
        yield { failure: FAILURE }
        await tools.sleep(5)
      }
    }),
    {},
    { limit: 60_000, quiet: 50 },
  )
  assert.deepEqual(look.problems, [FAILURE])
  assert.ok(attempts > 1)
})
