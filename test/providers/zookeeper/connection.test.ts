import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { SilentError, TooLargeError } from '../../../providers/parts/store-errors.ts'
import { ZooKeeperConnection } from '../../../providers/zookeeper/connection.ts'
import type { ConnectionOptions } from '../../../providers/zookeeper/connection.ts'
import { AuthenticationError, ReadError } from '../../../providers/zookeeper/errors.ts'
import { frame } from '../../../providers/zookeeper/frames.ts'
import { bytes, int, long, MalformedError } from '../../../providers/zookeeper/jute.ts'
import type { NodeEvent } from '../../../providers/zookeeper/messages.ts'
import { NodeTree } from '../../../providers/zookeeper/node-tree.ts'
import { startZooKeeper } from '../../peers/zookeeper.ts'
import { ZooKeeperWriter } from '../../peers/zookeeper-writer.ts'
import { until } from '../../support/until.ts'
import { answerTo, HostileServer, WELCOME } from './hostile-server.ts'
import type { Answer } from './hostile-server.ts'

const server = await startZooKeeper()
const writer = await ZooKeeperWriter.open(server.port)
const beat = setInterval(() => void writer.put('/beat', '').catch(() => undefined), 500)
after(async () => {
  clearInterval(beat)
  writer[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

test('reads a tree and is told of its changes', async (t) => {
  await writer.putAll({ '/a/x/rule': 'Host(`ä`)', '/a/x/tls': '', '/a/y': '1' })
  const { tree, connection } = follow(t, '/a')
  await tree.read(connection)
  assert.deepEqual(contents(tree), { '/a/x/rule': 'Host(`ä`)', '/a/x/tls': '', '/a/y': '1' })
  await writer.multi([
    ['set', '/a/y', '2'],
    ['delete', '/a/x/tls'],
    ['create', '/a/z', '3'],
  ])
  await untilContents(tree, connection, { '/a/x/rule': 'Host(`ä`)', '/a/y': '2', '/a/z': '3' })
  await writer.deleteTree('/a')
  await untilContents(tree, connection, {})
  assert.equal(tree.exists, false)
  await writer.put('/a/again', '4')
  await untilContents(tree, connection, { '/a/again': '4' })
})

test('a node that is deleted and made again between two reads', async (t) => {
  await writer.putAll({ '/again/x/old': '1', '/again/y': '1' })
  const { tree, connection } = follow(t, '/again')
  await tree.read(connection)
  await writer.multi([
    ['delete', '/again/x/old'],
    ['delete', '/again/x'],
    ['create', '/again/x', ''],
    ['create', '/again/x/new', '2'],
  ])
  await untilContents(tree, connection, { '/again/x/new': '2', '/again/y': '1' })
  await writer.put('/again/x/new', '3')
  await untilContents(tree, connection, { '/again/x/new': '3', '/again/y': '1' })
})

test('changes without end in the midst of reads come to the same', async (t) => {
  const { tree, connection } = follow(t, '/busy')
  const wanted: Record<string, string> = {}
  const reads: Promise<void>[] = []
  for (let i = 0; i < 200; i++) {
    const path = `/busy/${i % 7}/${i % 3}`
    await writer.put(path, String(i))
    wanted[path] = String(i)
    if (i % 20 === 19) {
      await writer.deleteTree(`/busy/${i % 7}`)
      for (const key of Object.keys(wanted)) if (key.startsWith(`/busy/${i % 7}/`)) delete wanted[key]
    }
    reads.push(tree.read(connection))
  }
  await Promise.all(reads)
  await untilContents(tree, connection, wanted)
})

test('a session is gone on with on another connection, until it expires', async (t) => {
  const first = open(t, {})
  const session = await first.open()
  assert.ok(session)
  const second = open(t, { session })
  assert.equal((await second.open())?.id, session.id)
  second.close()
  // `close` tells the server, which then forgets the session.
  await second.ended
  await until(
    'the session is forgotten',
    async () => !(await server.ask('dump')).includes(session.id.toString(16)),
  )
  const third = open(t, { session })
  assert.equal(await third.open(), undefined)
  assert.match((await third.ended).message, /session has expired/)
})

test('nodes of others are refused without the right user, and read with it', async (t) => {
  using owner = await ZooKeeperWriter.open(server.port)
  await owner.logIn('gate', 'way')
  await owner.put('/private/key', 'value')
  await owner.protect('/private/key')
  const stranger = open(t, { credentials: { username: 'gate', password: 'wrong' } })
  await assert.rejects(
    stranger.data('/private/key'),
    (error: ReadError) => error.denied && error.path === '/private/key',
  )
  const known = open(t, { credentials: { username: 'gate', password: 'way' } })
  assert.equal(String(await known.data('/private/key')), 'value')
})

test('a server that hangs is given up after three seconds', async (t) => {
  const connection = open(t, {})
  await connection.open()
  server.suspend()
  try {
    assert.ok((await connection.ended) instanceof SilentError)
    await assert.rejects(connection.exists('/'), SilentError)
  } finally {
    server.resume()
  }
})

test('the signal ends it', async (t) => {
  const stopping = new AbortController()
  const connection = open(t, { signal: stopping.signal })
  await connection.open()
  const read = connection.exists('/never')
  stopping.abort()
  await assert.rejects(read)
  await connection.ended
  await assert.rejects(open(t, { signal: stopping.signal }).open())
})

const HOSTILE: [what: string, answer: Answer, error: new (...args: never[]) => Error][] = [
  ['a message of 2 GiB', (socket) => socket.write(int(0x7fff_ffff)), MalformedError],
  ['HTTP', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), MalformedError],
  [
    'another version of the protocol',
    (socket) => socket.write(frame([int(9), int(1), long(1n), bytes('')])),
    MalformedError,
  ],
  ['a greeting that is cut off', (socket) => socket.write(frame([int(0)])), MalformedError],
  [
    'an answer to what was not asked',
    greetThen((_, socket) => socket.write(frame([int(99), long(1n), int(0)]))),
    MalformedError,
  ],
  [
    'an event that is cut off',
    greetThen((_, socket) => socket.write(frame([int(-1), long(1n), int(0), int(1)]))),
    MalformedError,
  ],
  [
    'a refused user',
    greetThen((_, socket) => socket.write(frame([int(-4), long(0n), int(-115)]))),
    AuthenticationError,
  ],
  [
    'two billion children',
    greetThen((message, socket) => socket.write(answerTo(message, 0, int(0x7fff_ffff)))),
    MalformedError,
  ],
  [
    'a child whose name leads away',
    greetThen((message, socket) => socket.write(answerTo(message, 0, int(1), bytes('../x')))),
    MalformedError,
  ],
  [
    'children of children without end',
    greetThen((message, socket) => socket.write(answerTo(message, 0, int(1), bytes('x'.repeat(1_000))))),
    TooLargeError,
  ],
  [
    'an error without a name',
    greetThen((message, socket) => socket.write(answerTo(message, -999))),
    ReadError,
  ],
  ['the end of the connection', greetThen((_, socket) => socket.destroy()), Error],
]
for (const [what, answer, wanted] of HOSTILE) {
  test(`a server that sends ${what}`, async (t) => {
    await using hostile = await HostileServer.start(answer)
    const { tree, connection } = follow(t, '/root', { port: hostile.port })
    await assert.rejects(tree.read(connection), wanted)
  })
}

test('a server that never greets', async (t) => {
  await using silent = await HostileServer.start(() => undefined)
  await assert.rejects(open(t, { port: silent.port }).open(), SilentError)
})

/** Greets, and answers everything else but pings so. */
function greetThen(answer: (message: Buffer, socket: Parameters<Answer>[0]) => void): Answer {
  return (socket, message, number) => {
    if (number === 0) socket.write(WELCOME)
    else if (message.readInt32BE(0) > 0) answer(message, socket)
  }
}

function open(t: TestContext, options: Partial<ConnectionOptions>): ZooKeeperConnection {
  const connection = new ZooKeeperConnection({
    host: '127.0.0.1',
    port: server.port,
    session: undefined,
    credentials: undefined,
    signal: t.signal,
    onEvent: () => undefined,
    ...options,
  })
  t.after(() => connection.close())
  return connection
}

function follow(
  t: TestContext,
  root: string,
  options: Partial<ConnectionOptions> = {},
): { tree: NodeTree; connection: ZooKeeperConnection } {
  const tree = new NodeTree(root)
  const onEvent = (event: NodeEvent): void => tree.note(event)
  return { tree, connection: open(t, { onEvent, ...options }) }
}

async function untilContents(
  tree: NodeTree,
  connection: ZooKeeperConnection,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const same = async (): Promise<boolean> => {
    await tree.read(connection)
    return JSON.stringify(contents(tree)) === JSON.stringify(sorted(wanted))
  }
  await until(`the tree is ${JSON.stringify(wanted)}`, same, 3_000)
}

function contents(tree: NodeTree): Record<string, string> {
  return sorted(Object.fromEntries([...tree.values()].map(([path, value]) => [path, value.toString()])))
}

function sorted(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
