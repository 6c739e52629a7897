import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { assignSockets, inheritedSockets } from '../../src/server/inherited-sockets.ts'
import type { InheritedSocket } from '../../src/server/inherited-sockets.ts'
import { findListener } from '../../src/server/proc-net.ts'
import { openListeningSocket } from '../support/listening-socket.ts'

const any = (): undefined => undefined
const refusals: [name: string, env: Record<string, string>, message: RegExp, severity: string][] = [
  ['no number', { LISTEN_FDS: '-1', LISTEN_PID: '7' }, /`-1` is no number of sockets/, 'error'],
  [
    'far too many',
    { LISTEN_FDS: '99999', LISTEN_PID: '7' },
    /is no number of sockets from 0 to 512/,
    'error',
  ],
  ['another process', { LISTEN_FDS: '1', LISTEN_PID: '8' }, /LISTEN_PID is 8 and this is 7/, 'warning'],
  ['no process', { LISTEN_FDS: '1' }, /LISTEN_PID is not set/, 'warning'],
  [
    'too few names',
    { LISTEN_FDS: '2', LISTEN_PID: '7', LISTEN_FDNAMES: 'web' },
    /1 names for 2 sockets/,
    'error',
  ],
]
for (const [name, env, message, severity] of refusals) {
  test(`refused: ${name}`, () => {
    const { sockets, problems } = inheritedSockets(env, 7, any)
    assert.deepEqual(sockets, [])
    assert.match(problems[0]!.message, message)
    assert.equal(problems[0]!.severity, severity)
  })
}

test('nothing is inherited without LISTEN_FDS', () => {
  assert.deepEqual(inheritedSockets({}, 7, any), { sockets: [], problems: [] })
})

test('sockets are numbered from 3, with their names', () => {
  const env = { LISTEN_FDS: '2', LISTEN_PID: '7', LISTEN_FDNAMES: 'web:' }
  assert.deepEqual(inheritedSockets(env, 7, any).sockets, [
    { fd: 3, name: 'web', bound: undefined },
    { fd: 4, name: '', bound: undefined },
  ])
})

test('a descriptor that is no listening TCP socket is a problem', () => {
  const env = { LISTEN_FDS: '1', LISTEN_PID: '7' }
  const { sockets, problems } = inheritedSockets(env, 7, () => 'is no socket')
  assert.deepEqual(sockets, [])
  assert.match(problems[0]!.message, /file descriptor 3 is no socket/)
})

const at = (entryPoint: string, host: string, port: number) => ({ entryPoint, host, port })
const web = at('web', '', 80)
const secure = at('websecure', '10.0.0.1', 443)
const socket = (fd: number, name?: string, address?: string, port = 0): InheritedSocket => ({
  fd,
  name,
  bound: address === undefined ? undefined : { address, port },
})
const assignments: [name: string, sockets: InheritedSocket[], fds: Record<string, number>][] = [
  ['by name, against their order', [socket(3, 'websecure'), socket(4, 'Web')], { web: 4, websecure: 3 }],
  [
    'by address',
    [socket(3, 't.socket', '10.0.0.1', 443), socket(4, 't.socket', '::', 80)],
    { web: 4, websecure: 3 },
  ],
  ['in order, when nothing else tells', [socket(3), socket(4)], { web: 3, websecure: 4 }],
  ['by name first, the rest in order', [socket(3), socket(4, 'web')], { web: 4, websecure: 3 }],
  ['one of two', [socket(3, 'websecure')], { websecure: 3 }],
]
for (const [name, sockets, fds] of assignments) {
  test(`assigned: ${name}`, () => {
    const assigned = assignSockets([web, secure], sockets)
    const got = Object.fromEntries([...assigned.sockets].map(([entryPoint, { fd }]) => [entryPoint, fd]))
    assert.deepEqual([got, assigned.problems], [fds, []])
  })
}

test('a socket that is left over is an error that names it and the entry points', () => {
  const { problems } = assignSockets([web], [socket(3, 'web'), socket(4, 'admin', '::1', 8080)])
  assert.deepEqual(
    problems.map(({ message, severity }) => [message, severity]),
    [
      [
        'the socket with file descriptor 4 (admin, [::1]:8080) belongs to no entry point; there are web',
        'error',
      ],
    ],
  )
})

test('one nameless socket for two entry points belongs to neither', () => {
  assert.equal(assignSockets([web, secure], [socket(3)]).problems.length, 1)
})

test('where a socket listens is read from the system, and what does not listen is told', async () => {
  using listening = await openListeningSocket()
  const server = createServer().listen(0, '::1')
  await once(server, 'listening')
  const env = { LISTEN_FDS: String(listening.fd - 2), LISTEN_PID: '7' }
  const { sockets, problems } = inheritedSockets(env, 7)
  server.close()
  assert.deepEqual(sockets.find(({ fd }) => fd === listening.fd)?.bound, {
    address: '127.0.0.1',
    port: listening.port,
  })
  // Standard streams of the test runner and the like lie between them.
  assert.ok(
    problems.every(({ message }) => /is (?:no socket|not open|no TCP socket that listens)/.test(message)),
  )
})

test('addresses of both families are read from the tables', () => {
  const v4 = '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1 0'
  const v6 = '   1: 00000000000000000000000001000000:01BB 0:0 0A 0:0 00:0 0 0 0 4712 1 0'
  assert.deepEqual(findListener([v4, v6], '4711'), { address: '127.0.0.1', port: 8080 })
  assert.deepEqual(findListener([v4, v6], '4712'), { address: '::1', port: 443 })
  assert.equal(findListener([v4.replace(' 0A ', ' 01 ')], '4711'), undefined)
})
