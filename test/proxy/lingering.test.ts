import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as patience } from 'node:timers/promises'
import { Deadlines } from '../../src/proxy/deadlines.ts'
import { ClientConnection } from '../../src/proxy/http1/client-connection.ts'
import { Response } from '../../src/proxy/response.ts'
import { StuckSocket } from '../support/stuck-socket.ts'

/** Longer than a closing connection waits for a client that has got everything. */
const LONGER_MS = 1_400
const PEER = { address: '127.0.0.1', port: 1, localPort: 2, secure: false }
const LIMITS = {
  maxHeadBytes: 1_000,
  maxTargetLength: 1_000,
  maxFields: 256,
  maxBodyBytes: Number.POSITIVE_INFINITY,
  abortOnClose: false,
  headersTimeout: 0,
  requestRate: { bytes: 0, window: 0 },
  responseRate: { bytes: 0, window: 0 },
  sanitizePath: true,
  refusedEscapes: [],
  encodeQuerySemicolons: false,
  keptNominated: [],
  readTimeout: 0,
  writeTimeout: 0,
  idleTimeout: 0,
  keepAliveMaxTime: 0,
  keepAliveMaxRequests: 0,
}

/** A connection whose client has sent a last request and takes nothing of the answer. */
function stuckConnection(request: string, writeTimeout = 0): { socket: StuckSocket; deadlines: Deadlines } {
  const socket = new StuckSocket()
  const deadlines = new Deadlines()
  const nothing = (): void => {}
  const host = {
    deadlines,
    limits: { ...LIMITS, writeTimeout },
    stopping: () => false,
    handle: () => Response.because('PG'),
  }
  const connection = new ClientConnection((handler) => socket.wire(handler), PEER, {
    ...host,
    finished: nothing,
    refused: nothing,
    tunnelled: nothing,
    closed: nothing,
  })
  connection.onBytes(Buffer.from(request))
  return { socket, deadlines }
}

const LAST: readonly (readonly [name: string, request: string, answer: RegExp])[] = [
  ['of a connection', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 200 .*OK$/s],
  ['to what is no request', 'GET\r\n\r\n', /^HTTP\/1\.1 400 .*Bad Request$/s],
]
for (const [name, request, answer] of LAST) {
  test(`the last answer ${name} waits for a client that is slow to take it`, async () => {
    const { socket, deadlines } = stuckConnection(request)
    await patience(LONGER_MS)
    assert.ok(!socket.destroyed)
    socket.flush()
    assert.match(Buffer.concat(socket.taken).toString(), answer)
    // It has everything now, and a little time to close.
    await patience(LONGER_MS)
    assert.ok(socket.destroyed)
    deadlines.close()
  })
}

test('the last answer waits no longer than an answer may take', async () => {
  const { socket, deadlines } = stuckConnection('GET / HTTP/1.0\r\n\r\n', 300)
  await patience(700)
  assert.ok(socket.destroyed)
  deadlines.close()
})
