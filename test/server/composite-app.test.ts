import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startLoad } from '../support/load.ts'
import { startOrigin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'

type Services = Readonly<Record<string, unknown>>

test('a service that becomes weighted, mirrored and a load balancer again under load loses no request', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'composite-'))
  t.after(() => rmSync(folder, { recursive: true }))
  await using one = await startOrigin({ name: 'one' })
  await using two = await startOrigin({ name: 'two' })
  const own = { loadBalancer: { servers: [{ url: one.url }] } }
  const other = { loadBalancer: { servers: [{ url: two.url }] } }
  const change = (services: Services): void => {
    const routers = { all: { rule: 'PathPrefix(`/`)', service: 'app' } }
    writeFileSync(
      join(folder, 'new'),
      JSON.stringify({ http: { routers, services: { own, other, ...services } } }),
    )
    renameSync(join(folder, 'new'), join(folder, 'routes.json'))
  }
  change({ app: own })
  await using tidegate = await startTidegate({
    flags: [`--providers.file.filename=${join(folder, 'routes.json')}`, '--workers=2'],
  })
  await using load = startLoad({ port: tidegate.port, hosts: ['a.test'], rate: 200 })
  const answers = (origin: { readonly name: string; readonly answered: number }): Promise<unknown> => {
    const before = origin.answered
    return until(`requests to ${origin.name}`, () => origin.answered > before + 20)
  }
  await answers(one)
  change({ app: { weighted: { services: [{ name: 'own', weight: 0 }, { name: 'other' }] } } })
  await answers(two)
  change({ app: { mirroring: { service: 'own', mirrors: [{ name: 'other', percent: 50 }] } } })
  await answers(one)
  change({ app: { failover: { service: 'other', fallback: 'own' } } })
  await answers(two)
  change({ app: own })
  await answers(one)
  const tally = await load.stop()
  assert.equal(tally.failed, 0, String(tally))
})
