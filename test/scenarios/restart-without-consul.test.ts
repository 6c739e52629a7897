import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startConsul } from '../peers/consul.ts'
import type { ConsulAgent } from '../peers/consul.ts'
import { openListeningSocket } from '../support/listening-socket.ts'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { discoveryFlags, startFleet } from './fleet.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

/** How long Consul stays away after the restart, in milliseconds. */
const LASTS = scaled(60_000, 2_000)
const HEALED_WITHIN = 5_000

interface Outage {
  readonly name: string
  readonly signal: 'SIGTERM' | 'SIGKILL'
  begin(consul: ConsulAgent): void | Promise<void>
}

const OUTAGES: readonly Outage[] = [
  { name: 'stopped while Consul is down', signal: 'SIGTERM', begin: (consul) => consul.stop() },
  { name: 'killed while Consul is down', signal: 'SIGKILL', begin: (consul) => consul.stop() },
  { name: 'stopped while Consul hangs', signal: 'SIGTERM', begin: (consul) => consul.suspend() },
]

for (const outage of OUTAGES) {
  test(`${outage.name} and started again with a snapshot: every new request is served, healed within 5 s`, async (t) => {
    const { tally, output } = await restarted(outage, true)
    enter(t, t.name, tally)
    // Who is killed takes the requests with it that it has accepted; they were sent before it was started again.
    const lost =
      outage.signal === 'SIGKILL' ? tally.failures.filter(({ status }) => status !== 0) : tally.failures
    assert.deepEqual(lost, [], String(tally))
    if (outage.signal === 'SIGTERM') assert.equal(tally.failed, 0)
    assert.match(output, /E407.*has not answered since the start; what the snapshot on disk says is served/)
  })
}

test('contrast: without a snapshot nothing is routed until Consul answers', async (t) => {
  const { tally } = await restarted(OUTAGES[0]!, false)
  enter(t, t.name, tally)
  assert.ok(tally.failed > 0, 'the load would not see a loss if there was one')
})

/** On one listening socket all along, so that connections wait while no process is there. */
async function restarted(outage: Outage, withSnapshot: boolean): Promise<{ tally: Tally; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  await using cleaning = new AsyncDisposableStack()
  cleaning.defer(() => rm(folder, { recursive: true }))
  const path = join(folder, 'discovery.json')
  await using consul = await startConsul()
  await using fleet = await startFleet(consul, ['cart', 'shop'], 3)
  using socket = await openListeningSocket()
  const flags = [
    ...discoveryFlags(consul.address),
    // A start makes a small machine late; overload has scenarios of its own.
    '--overload.maxEventLoopDelay=0',
    ...(withSnapshot ? [`--providers.snapshot.path=${path}`] : []),
  ]
  const first = await startTidegate({ flags, inherited: socket })
  cleaning.defer(() => first[Symbol.asyncDispose]())
  await using load = startLoad({
    port: first.port,
    hosts: fleet.hosts,
    rate: scaled(100, 60),
    timeout: 20_000,
  })
  await fleet.served(load)
  if (withSnapshot)
    await until('all to be on disk', () =>
      holdsAll(
        path,
        fleet.origins.map(({ name }) => name),
      ),
    )

  await outage.begin(consul)
  await first.end(outage.signal)
  await using second = await startTidegate({ flags, inherited: socket })
  const ended = load.tally.ended
  await until('answers', () => load.tally.ended > ended)
  await sleep(LASTS)
  consul.resume()
  await consul.start()
  await fleet.registerAll()
  const joined = await fleet.add('shop')
  await until('a new instance to be served', () => joined.answered > 0, HEALED_WITHIN)
  return { tally: await load.stop(), output: second.output }
}

async function holdsAll(path: string, names: readonly string[]): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return names.every((name) => text.includes(`/${name}"`))
}
