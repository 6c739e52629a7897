import assert from 'node:assert/strict'
import test from 'node:test'
import provider from '../../providers/nomad.ts'
import { fields } from '../../src/config/fields.ts'
import { Watcher } from '../../src/discovery/watcher.ts'
import type { NomadServer } from '../peers/nomad-server.ts'
import { startNomad } from '../peers/nomad-server.ts'
import { until } from '../support/until.ts'

/** Nomad's programs cannot be had here: `startNomad` is a server of ours. The watcher is the real one. */

const INSTANCES = 8

function watcherOf({ address }: NomadServer): {
  watcher: Watcher
  served: () => number
  held: () => boolean
} {
  const given = { endpoint: { address, endpointWaitTime: '1s' }, healthChecks: false }
  const options = fields.section('', provider.options(fields)).parse(given)
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const watcher = new Watcher({
    name: 'nomad',
    create: (tools) => provider.create(options, tools),
    throttle: 10,
    log,
  })
  let held = false
  watcher.start(() => (held ||= watcher.problems.some(({ code }) => code === 'E405')))
  const served = (): number =>
    [...watcher.picture.parts.values()]
      .flatMap(({ instances = [] }) => instances)
      .filter(({ terminating }) => !terminating).length
  return { watcher, served, held: () => held }
}

function fill({ model }: NomadServer): string[] {
  return Array.from({ length: INSTANCES }, (_, i) =>
    model.register(model.place(), { name: 'web', port: 1000 + i }),
  )
}

test('most instances gone at once: held back, and obeyed when a second reading agrees', async () => {
  await using nomad = await startNomad()
  const ids = fill(nomad)
  const { watcher, served, held } = watcherOf(nomad)
  await using _ = watcher
  await until('all', () => served() === INSTANCES)
  const reads = (): number => nomad.calls.filter(({ path }) => path === '/v1/service/web').length
  const before = reads()
  for (const id of ids.slice(1)) nomad.model.deregister(id)
  await until('the one that is left', () => served() === 1)
  assert.ok(held(), 'the removal was held back first')
  // The first of the two may have been under way already.
  assert.ok(reads() > before, 'the service was read again')
})

test('a service that shows nothing for a moment while all of it runs loses nobody', async () => {
  await using nomad = await startNomad()
  fill(nomad)
  const { watcher, served } = watcherOf(nomad)
  await using _ = watcher
  await until('all', () => served() === INSTANCES)
  // Sound in form, and wrong: what a server with a bug or a broken cache might answer, once.
  const index = String(nomad.model.indexOf('/v1/service/web') + 5)
  nomad.breakOnce('/v1/service/web', {
    headers: { 'x-nomad-index': index, 'x-nomad-knownleader': 'true' },
    body: '[]',
  })
  nomad.model.register(nomad.model.place(), { name: 'web', port: 2000 })
  await until('one more', () => served() === INSTANCES + 1)
})
