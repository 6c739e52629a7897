import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startConsul } from '../peers/consul.ts'
import { startConsulRelay } from '../support/consul-relay.ts'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startOrigin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import type { Tidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { discoveryFlags, startFleet } from './fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

/** For how long requests are counted after the lie; milliseconds. */
const AFTERWARDS = scaled(30_000, 2_000)

test('Consul says once that all are gone, and takes it back: nothing is lost', async (t) => {
  const { tally, output } = await lieOnce([])
  enter(t, t.name, tally)
  assert.equal(tally.failed, 0, String(tally))
  assert.match(output, /E405/, 'the removal was never held back')
  assert.doesNotMatch(output, /"(?:draining|left)":/)
})

test('contrast: whoever believes every answer loses requests', async (t) => {
  const { tally } = await lieOnce(['--experiments.proofs=false'])
  enter(t, t.name, tally)
  assert.ok(tally.failed > 0, 'the load would not see a loss if there was one')
})

/** Consul proves what is not so: a sound list without the services, and sound answers without an instance of them. */
async function lieOnce(flags: readonly string[]): Promise<{ tally: Tally; output: string }> {
  await using consul = await startConsul()
  await using relay = await startConsulRelay(consul.address)
  await using fleet = await startFleet(consul, ['cart', 'shop'], 3)
  await using tidegate = await startTidegate({ flags: [...discoveryFlags(relay.address), ...flags] })
  await using load = startLoad({ port: tidegate.port, hosts: fleet.hosts, rate: scaled(500, 120) })
  await fleet.served(load)
  const before = tidegate.output.length
  relay.fault = 'all gone, once'
  await until('the lie to be told of each', () => relay.wronged >= 3)
  await sleep(AFTERWARDS)
  return { tally: await load.stop(), output: tidegate.output.slice(before) }
}

const HOST = 'shop-v1.dev.example.com'
const FIXED = 'fixed.example.com'
const MANY = 5

test('Consul proves that a whole service is gone: obeyed after the second reading that agrees, then 503 or 404', async () => {
  await using consul = await startConsul()
  await using origins = new AsyncDisposableStack()
  // On a node of its own, so that one call takes all of it out of the catalog.
  for (let i = 0; i < MANY; i++) {
    const { port } = origins.use(await startOrigin({ name: `shop-${i}` }))
    const service = { ID: `shop-${i}`, Service: 'shop', Address: '127.0.0.1', Port: port, Tags: ['v1'] }
    await consul.catalogRegister({ Node: 'second', Address: '127.0.0.1', Service: service })
  }
  await using file = await routedByFile()
  await using relay = await startConsulRelay(consul.address)
  await using tidegate = await startTidegate({ flags: [...discoveryFlags(relay.address), file.flag] })
  await until('the service', async () => (await statusOf(tidegate, HOST)) === 200)
  assert.equal(await statusOf(tidegate, FIXED), 200)
  const before = tidegate.output.length

  await consul.catalogDeregister({ Node: 'second' })
  await until('404 where instances made the router', async () => (await statusOf(tidegate, HOST)) === 404)
  assert.equal(await statusOf(tidegate, FIXED), 503, 'the router in the file stays')
  const lines = tidegate.output.slice(before).split('\n')
  const held = lines.findIndex((line) => /E405.*says that 5 of its instances are gone/.test(line))
  const left = lines.findIndex((line) => /"(?:draining|left)":/.test(line))
  assert.ok(held >= 0 && left > held, `held back first, and then obeyed:\n${lines.join('\n')}`)
})

async function statusOf({ port }: Tidegate, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  request({ host: '127.0.0.1', port, headers: { host } }, (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
    .on('error', reject)
    .end()
  return promise
}

/** A router in a file, to the service that Consul's instances make. */
async function routedByFile(): Promise<AsyncDisposable & { readonly flag: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  const path = join(folder, 'routes.json')
  const routers = { fixed: { rule: `Host(\`${FIXED}\`)`, service: 'shop-v1@consulcatalog' } }
  await writeFile(path, JSON.stringify({ http: { routers } }))
  return {
    flag: `--providers.file.filename=${path}`,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}
