import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeTcp } from '../../src/balancing/health/tcp-probe.ts'
import type { ProbeResult } from '../../src/balancing/health/check.ts'
import { BlackHole } from '../support/black-hole.ts'
import { RawUpstream, refusingPort } from '../support/raw-upstream.ts'
import type { Script } from '../support/raw-upstream.ts'

function probe(
  port: number,
  { send = '', expect = '' } = {},
  signal = AbortSignal.timeout(10_000),
): Promise<ProbeResult> {
  const target = { address: '127.0.0.1', port, tls: false, authority: 'shop.test' }
  return probeTcp(target, { mode: 'tcp', port: undefined, send, expect }, signal)
}

const CASES: readonly (readonly [
  name: string,
  script: Script,
  question: { send?: string; expect?: string },
  result: ProbeResult,
])[] = [
  ['it listens', () => {}, {}, { passed: true, found: 'probe connected' }],
  [
    'it greets',
    (peer) => void peer.write('220 ready'),
    { expect: '220 ' },
    { passed: true, found: 'probe was answered as expected' },
  ],
  [
    'it answers, in pieces',
    async (peer) => {
      await peer.readUntil('PING\r\n')
      await peer.dribble('+PONG\r\n')
    },
    { send: 'PING\r\n', expect: '+PONG' },
    { passed: true, found: 'probe was answered as expected' },
  ],
  [
    'it answers something else, and goes on and on',
    async (peer) => {
      while (peer.ending === undefined && !peer.socket.destroyed) await peer.send(Buffer.alloc(65_536, 'x'))
    },
    { expect: '220' },
    { passed: false, found: 'probe was answered something else' },
  ],
  [
    'it ends within the answer',
    (peer) => peer.end('22'),
    { expect: '220' },
    { passed: false, found: 'probe was not answered in full' },
  ],
  ['it resets', (peer) => peer.reset(), { expect: '220' }, { passed: false, found: 'probe was cut off' }],
]
for (const [name, script, question, result] of CASES) {
  test(`TCP probe: ${name}`, async () => {
    await using upstream = await RawUpstream.start(script)
    assert.deepEqual(await probe(upstream.port, question), result)
    await upstream.connections[0]?.ended()
  })
}

test('TCP probe: nobody there', async () => {
  assert.equal((await probe(refusingPort())).found, 'probe was refused a connection')
})

test('TCP probe: one that hangs has failed', async () => {
  await using silent = await RawUpstream.start(() => {})
  await using hole = await BlackHole.open()
  const found = await Promise.all([
    probe(silent.port, { expect: '220' }, AbortSignal.timeout(100)),
    probe(hole.port, {}, AbortSignal.timeout(100)),
  ])
  assert.deepEqual(found, Array(2).fill({ passed: false, found: 'probe timed out' }))
})
