import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Moto } from '../peers/moto.ts'
import { startMoto } from '../peers/moto.ts'
import type { Ledger } from '../support/ledger.ts'
import { startLoad } from '../support/load.ts'
import type { Tally } from '../support/load-tally.ts'
import { startTidegate } from '../support/tidegate.ts'
import { until } from '../support/until.ts'
import { ecsFlags, EcsService, HOST } from './ecs-service.ts'
import { scaled } from './scale.ts'
import { enter } from './table.ts'

/** Here moto is ECS and EC2. What it lacks is not needed: tasks in host mode have neither dynamic ports nor bindings. */

let moto: Moto
before(async () => {
  moto = await startMoto()
})
after(() => moto?.[Symbol.asyncDispose]())
beforeEach(() => moto.reset())

const TASKS = 3
const RATE = scaled(300, 150)
/** Long enough for a task to be told to stop well before the next reading. */
const REFRESH = '2s'

interface Report {
  readonly tally: Tally
  readonly ledger: Ledger
  /** Idle connections that Tidegate held to tasks that stopped, which is where a request can be lost. */
  readonly closedIdle: number
}

/** Every task is replaced by one of a new revision, which ECS starts before it stops the old one. */
async function deploy(flags: readonly string[] = []): Promise<Report> {
  await using service = new EcsService(moto)
  await service.start(TASKS)
  await using tidegate = await startTidegate({ flags: [...ecsFlags(moto.url, REFRESH), ...flags] })
  await until('the tasks to be found', () => tidegate.output.includes('"joined"'), 30_000)
  await using load = startLoad({ port: tidegate.port, hosts: [HOST], rate: RATE })
  await until('all tasks to be served', () => service.tasks.every(({ origin }) => origin.answered > 0))
  let closedIdle = 0
  for (let round = 0; round < scaled(2, 1); round++) {
    await service.registerRevision()
    const olds = service.tasks.slice()
    for (const [machine, old] of olds.entries()) {
      const { origin } = await service.startTask(machine)
      await until(`${origin.name} to be served`, () => origin.answered > 0)
      await service.stopTask(old)
      closedIdle += old.origin.closedIdle
    }
    // What ECS said last is still to be read.
    const gone = new RegExp(`"(?:draining|left)":\\[[^\\]]*"${olds.at(-1)!.origin.url}"`)
    await until('the last old task to be gone', () => gone.test(tidegate.output))
  }
  return { tally: await load.stop(), ledger: service.ledger, closedIdle }
}

test('rolling deploy of an ECS service, tasks told to stop before it can be known: no GET is lost', async (t) => {
  const { tally, ledger, closedIdle } = await deploy()
  show(t, tally, closedIdle)
  assert.equal(tally.failedOf('GET'), 0, String(tally))
  // A POST may be lost only when it was written to a connection that its task closed at that very moment.
  const lost = tally.failedOf('POST')
  assert.equal(tally.causes.get('POST 502 (UC)') ?? 0, lost, String(tally))
  assert.ok(lost <= closedIdle, `${lost} lost, ${closedIdle} connections closed while idle`)
  assert.deepEqual(ledger.repeated('POST'), [])
})

test('contrast: the same deploy loses requests without draining and retries', async (t) => {
  const { tally, closedIdle } = await deploy(['--experiments.retries=false', '--experiments.draining=false'])
  show(t, tally, closedIdle)
  assert.ok(tally.failed > 0, 'the load would not see a loss if there was one')
})

function show(t: TestContext, tally: Tally, closedIdle: number): void {
  t.diagnostic(`${closedIdle} idle connections closed by tasks`)
  enter(t, t.name, tally)
}
