import assert from 'node:assert/strict'
import { engineBefore } from '../support/engine.ts'
import type { Engine } from '../support/engine.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { ok, RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'
import type { Case, Step } from './case.ts'
import { get, sentGet } from './case.ts'

const PROBE = get('', '/probe')
const PROBE_SENT = sentGet('', '/probe')
const DATE = /\r\nDate: [^\r\n]{29}(?=\r\n)/g
const DATE_LENGTH = '\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT'.length

/** Plays a case and asserts what the client got, what the upstream got, and what both connections have become. */
export async function play(sketch: Case): Promise<void> {
  await using upstream = await RawUpstream.start(scriptOf(sketch))
  await using engine = await engineBefore([upstream], sketch.engine)
  await using client = await engine.connect()
  if (typeof sketch.send === 'string') client.write(sketch.send)
  else for (const step of sketch.send) await take(step, client, upstream)
  await assertClient(sketch, client)
  assert.equal(upstream.text, sketch.upstream, 'what the upstream got')
  await assertClientFate(sketch, client)
  await until('nothing to be in flight', () => engine.inFlight === 0)
  await assertUpstreamFate(sketch, upstream, engine, client)
  assert.deepEqual(engine.failures, [])
}

function scriptOf({ send, answer = ok(), behind }: Case): (peer: RawPeer) => Promise<void> {
  if (typeof send !== 'string') return async () => {}
  return async (peer) => {
    for (;;) {
      await peer.readMessage()
      peer.write(answer)
      if (behind === 'end') peer.end()
      // Only once what was written has left: a reset throws away what has not.
      if (behind === 'reset') peer.socket.write('', () => setImmediate(() => peer.reset()))
    }
  }
}

/** Which connection of the upstream is meant, by case. */
const current = new WeakMap<RawUpstream, number>()

async function take(step: Step, client: RawPeer, upstream: RawUpstream): Promise<void> {
  const [who, what, bytes] = step
  const index = current.get(upstream) ?? 0
  if (what === 'next') {
    current.set(upstream, index + 1)
    return
  }
  const peer = who === 'client' ? client : await upstream.connection(index)
  if (what === 'sends') peer.write(bytes)
  else if (what === 'gets')
    assert.equal((await peer.read(bytes.length)).toString('latin1'), bytes, `what the ${who} gets`)
  else if (what === 'ends') peer.end()
  else peer.reset()
}

async function assertClient({ client: expected, fate, send }: Case, client: RawPeer): Promise<void> {
  // The status first: a wrong one is then said at once, and not after a wait for the rest.
  if (typeof send === 'string' && expected !== '') {
    const line = `${expected.split('\r\n', 1)[0]}\r\n`
    await client.received(line.length)
    assert.equal(client.text.slice(0, line.length), line)
  }
  if (fate[0] === 'kept') {
    const dates = expected.split('Tidegate-Why').length - 1
    await client.received(expected.length + dates * DATE_LENGTH)
  } else await client.ended()
  assert.equal(client.text.replaceAll(DATE, ''), expected, 'what the client got')
}

async function assertClientFate({ fate }: Case, client: RawPeer): Promise<void> {
  if (fate[0] === 'kept') assert.equal(client.ending, undefined, 'the connection of the client is kept')
  if (fate[0] === 'closed') assert.equal(client.ending, 'end', 'the connection of the client is closed')
  if (fate[0] === 'reset') assert.equal(client.ending, 'reset', 'the connection of the client is reset')
}

/** A connection is kept when the next request travels on it, the client's as well as the upstream's. */
async function assertUpstreamFate(
  { fate, upstream: sentBefore }: Case,
  upstream: RawUpstream,
  engine: Engine,
  client: RawPeer,
): Promise<void> {
  const connections = upstream.connections.length
  if (fate[1] === 'none') assert.equal(connections, 0, 'no connection to the upstream')
  if (fate[1] === 'closed') {
    assert.notEqual(connections, 0, 'there was a connection to the upstream')
    for (const peer of upstream.connections) await peer.ended()
  }
  await using other = await engine.connect()
  const prober = fate[0] === 'kept' ? client : other
  prober.write(PROBE)
  await until('the probe to arrive', () => upstream.text.length >= sentBefore.length + PROBE_SENT.length)
  assert.equal(upstream.text, sentBefore + PROBE_SENT, 'the next request is read as it was sent')
  assert.equal(upstream.connections.length, connections + (fate[1] === 'kept' ? 0 : 1), 'connections in all')
}
