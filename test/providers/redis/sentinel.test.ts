import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { ConfigurationError } from '../../../src/config/problem.ts'
import type { RedisServer } from '../../peers/redis.ts'
import { startRedis } from '../../peers/redis.ts'
import { until } from '../../support/until.ts'
import { rule, RULE_A, TELLING, watch, writerTo } from './watch-redis.ts'

test('a sentinel leads from a dead master to its replica', async (t) => {
  const { master, replica, sentinel } = await startGroup(t)
  const watched = watch(t, { endpoints: [sentinel.address], sentinel: { masterName: 'main' } })
  await watched.until('the router', rule('a', 'Host(`1`)'))
  await master.kill()
  await watched.until('named', ({ failure }) => failure !== undefined)
  const healed = await watched.until('healed', ({ failure }) => !failure, { within: 15_000 })
  t.diagnostic(`healed ${Math.round(healed)} ms after it was named, the sentinel's time-out included`)
  assert.equal(watched.view().snapshot?.missing, undefined, 'the same history')
  await (await writerTo(t, replica)).ask('SET', RULE_A, 'Host(`2`)')
  await watched.until('it is followed', rule('a', 'Host(`2`)'))
})

test('strategies: a replica serves, and one that is the nearest', async (t) => {
  const { sentinel, master } = await startGroup(t)
  for (const strategy of ['replicaStrategy', 'randomStrategy', 'latencyStrategy']) {
    const sentinelOptions = { masterName: 'main', [strategy]: true }
    const watched = watch(t, { endpoints: [sentinel.address], sentinel: sentinelOptions })
    await watched.until(strategy, ({ snapshot }) => snapshot?.routing !== undefined)
    await (await writerTo(t, master)).ask('SET', RULE_A, `Host(\`${strategy}\`)`)
    await watched.until('the change', rule('a', `Host(\`${strategy}\`)`))
  }
})

test('a name that no sentinel knows', async (t) => {
  await using sentinel = await startRedis({ sentinel: true })
  const watched = watch(t, { endpoints: [sentinel.address], sentinel: { masterName: 'unheard-of' } })
  await watched.until('named', ({ failure }) => failure?.code === 'E403')
  assert.match(watched.view().failure!.message, /knows no master named unheard-of/)
})

test('two strategies at once are refused', async (t) => {
  const sentinel = { masterName: 'main', replicaStrategy: true, latencyStrategy: true }
  await assert.rejects(watch(t, { sentinel }).ended, ConfigurationError)
})

async function startGroup(
  t: TestContext,
): Promise<{ master: RedisServer; replica: RedisServer; sentinel: RedisServer }> {
  const master = await startRedis({ settings: TELLING })
  t.after(() => master[Symbol.asyncDispose]())
  const replica = await startRedis({ settings: { ...TELLING, replicaof: `127.0.0.1 ${master.port}` } })
  t.after(() => replica[Symbol.asyncDispose]())
  await (await writerTo(t, master)).ask('SET', RULE_A, 'Host(`1`)')
  const copy = await writerTo(t, replica)
  await until('the replica has it', async () => (await copy.ask('GET', RULE_A)) === 'Host(`1`)')
  const sentinel = await startRedis({
    sentinel: true,
    settings: {
      sentinel: [
        `monitor main 127.0.0.1 ${master.port} 1`,
        'down-after-milliseconds main 500',
        'failover-timeout main 5000',
      ],
    },
  })
  t.after(() => sentinel[Symbol.asyncDispose]())
  const asking = await writerTo(t, sentinel)
  const known = async (): Promise<boolean> => {
    const replicas = await asking.ask('SENTINEL', 'replicas', 'main')
    return JSON.stringify(replicas).includes('"master-link-status":"ok"')
  }
  await until('the sentinel knows the replica', known, 20_000)
  return { master, replica, sentinel }
}
