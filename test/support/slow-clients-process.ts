import { writeSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Slowness } from './slow-clients.ts'

/** Clients that hold on to connections to a port of 127.0.0.1: they open them one by one, and drip. */
const [port = 0, heads = 0, bodies = 0, reads = 0, perSecond = 0] = process.argv.slice(2).map(Number)

const FIRST_BYTES: Readonly<Record<Slowness, string>> = {
  head: 'GET / HTTP/1.1\r\nHost: slow\r\n',
  body: 'POST / HTTP/1.1\r\nHost: slow\r\nRequest-Id: slow\r\nContent-Length: 1000000\r\n\r\n',
  read: 'GET /?size=8000000 HTTP/1.1\r\nHost: slow\r\nRequest-Id: slow\r\n\r\n',
}
const DRIPS: Readonly<Record<Slowness, string>> = { head: 'X: y\r\n', body: 'x', read: '' }
/** Each client drips once a second; not all at the same moment, which would be a load of another kind. */
const TURNS = 100
/** Milliseconds between two openings: as many at a time as are due. */
const STEP = 5

const clients: { readonly socket: Socket; readonly kind: Slowness }[] = []

function open(kind: Slowness): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('connect', () => socket.write(FIRST_BYTES[kind]))
  // A client that reads nothing is not told of the end either: it is the system that knows.
  if (kind === 'read') socket.pause()
  else socket.resume()
  socket.on('error', () => {})
  socket.on('close', () => writeSync(1, `ended ${kind}\n`))
  clients.push({ socket, kind })
}

function drip(turn: number): void {
  for (let i = turn; i < clients.length; i += TURNS) {
    const { socket, kind } = clients[i]!
    if (DRIPS[kind] !== '' && socket.writable) socket.write(DRIPS[kind])
  }
}

let turn = 0
setInterval(() => drip((turn = (turn + 1) % TURNS)), 1_000 / TURNS)

/** Kinds come in their proportions, so that each moment of the opening is like the others. */
const counts: Readonly<Record<Slowness, number>> = { head: heads, body: bodies, read: reads }
const left: Record<Slowness, number> = { ...counts }
const total = heads + bodies + reads
const behind = (kind: Slowness): number => left[kind] / Math.max(1, counts[kind])
const began = performance.now()
while (clients.length < total) {
  const due = Math.min(total, Math.ceil(((performance.now() - began) * perSecond) / 1_000))
  while (clients.length < due) {
    const kinds: Slowness[] = ['head', 'body', 'read']
    const kind = kinds.reduce((most, one) => (behind(one) > behind(most) ? one : most))
    left[kind]--
    open(kind)
  }
  await sleep(STEP)
}
while (clients.some(({ socket }) => socket.connecting)) await sleep(STEP)
writeSync(1, 'open\n')
