import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePorts } from '../peers/free-ports.ts'
import { startMoto } from '../peers/moto.ts'
import { ANYBODY, MotoAccount, REGION } from '../peers/moto-account.ts'
import { startLoad } from '../support/load.ts'
import type { Origin } from '../support/origins.ts'
import { startOrigin } from '../support/origins.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

/** moto is EC2 here; what its machines serve are origins of this process on their loopback addresses. */

const HOST = 'shop-v1.example.com'

test('machines of EC2 are replaced, each taken out before it stops: nothing is lost', async (t) => {
  await using moto = await startMoto()
  using account = new MotoAccount(moto)
  await account.createNetwork()
  await using disposables = new AsyncDisposableStack()
  const [port = 0] = await freePorts(1)
  const tags = { Name: 'shop', v1: '', 'tidegate.enable': 'true', 'tidegate.port': String(port) }
  let born = 0
  const run = async (): Promise<{ id: string; origin: Origin }> => {
    const address = `127.0.4.${++born}`
    const origin = disposables.use(await startOrigin({ name: `shop-${born}`, address, port }))
    return { id: await account.runMachine(address, tags), origin }
  }
  const machines = [await run(), await run()]
  const section = '--providers.ec2'
  const flags = [
    `${section}.endpoint=${moto.url}`,
    `${section}.region=${REGION}`,
    `${section}.accessKeyID=${ANYBODY.accessKeyId}`,
    `${section}.secretAccessKey=${ANYBODY.secretAccessKey}`,
    `${section}.domain=example.com`,
    `${section}.filters=tag:Name=shop`,
    `${section}.refreshSeconds=1s`,
  ]
  await using tidegate = await startTidegate({ flags })
  await until('the machines to be found', () => tidegate.output.includes('"joined"'), 30_000)
  await using load = startLoad({ port: tidegate.port, hosts: [HOST], rate: scaled(300, 100) })
  await until('all machines to be served', () => machines.every(({ origin }) => origin.answered > 0))
  for (const { id, origin } of machines) {
    const successor = await run()
    await until(`${successor.origin.name} to be served`, () => successor.origin.answered > 0)
    await account.terminate(id)
    const gone = new RegExp(`"left":\\[[^\\]]*"${origin.url}"`)
    await until(`${origin.name} to be taken out`, () => gone.test(tidegate.output))
    await origin.stop()
  }
  const tally = await load.stop()
  enter(t, t.name, tally)
  assert.equal(tally.failed, 0, String(tally))
})
