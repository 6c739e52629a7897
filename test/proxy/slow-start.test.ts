import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processNow } from '../../src/balancing/process-clock.ts'
import { engineBefore } from '../support/engine.ts'
import { answering, ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

test('an endpoint that warms takes a tenth at first, and its whole share when its time is over', async () => {
  await using ready = await RawUpstream.start(answering(ok('ready')))
  await using warming = await RawUpstream.start(answering(ok('warming')))
  // Time that has not begun yet stands still, and that which is long past is over at the first step.
  const begin = async (warmingSince: number): Promise<void> => {
    const endpoint = { port: warming.port, state: 'warming' as const, warmingSince }
    await engine.apply({ services: { main: { slowStart: 1_000, endpoints: { 1: endpoint } } } })
  }
  await using engine = await engineBefore([ready, warming])
  await using client = await engine.connect()
  const share = async (): Promise<number> => {
    let count = 0
    for (let i = 0; i < 22; i++) {
      const { body } = await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n').readMessage()
      if (body.toString() === 'warming') count++
    }
    return count
  }
  await begin(processNow() + 1_000_000)
  assert.equal(await share(), 2)
  await begin(processNow())
  await until('the whole share, without any change of the plan', async () => (await share()) === 11)
})
