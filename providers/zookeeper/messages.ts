import { bool, bytes, int, JuteReader, long, MalformedError } from './jute.ts'
import { frame } from './frames.ts'

/** What a server remembers of a client between two connections. */
export interface Session {
  readonly id: bigint
  readonly password: Buffer
}

/** The operations that reading needs, by their numbers in ZooKeeper's protocol. */
export const OPERATIONS = { exists: 3, data: 4, children: 8, ping: 11, auth: 100, close: -11 } as const

/** Numbers of messages that answer no read. */
export const XIDS = { event: -1, ping: -2, auth: -4 } as const

export function connectRequest(session: Session | undefined, timeout: number): Buffer {
  const { id, password } = session ?? { id: 0n, password: Buffer.alloc(16) }
  // The transaction seen last is left out: a server that is behind would end the connection without a word, and
  // with it one that lost its data. Who is behind is told from the headers of its answers instead.
  return frame([int(0), long(0n), int(timeout), long(id), bytes(password), bool(false)])
}

export interface Welcome {
  /** Undefined: the session that was asked for has expired. */
  readonly session: Session | undefined
  /** Milliseconds without a sign after which the server gives up the session. */
  readonly timeout: number
}

/** @throws MalformedError */
export function readWelcome(message: Buffer): Welcome {
  const reader = new JuteReader(message)
  const version = reader.int()
  if (version !== 0) throw new MalformedError(`version ${version} of the protocol`)
  const timeout = reader.int()
  const id = reader.long()
  const password = reader.bytes()
  if (password.length > 64) throw new MalformedError(`a session's password of ${password.length} bytes`)
  // A copy: the message's memory may be a large chunk.
  return { timeout, session: timeout > 0 ? { id, password: Buffer.from(password) } : undefined }
}

/** A read of one node, which is told of the node's next change once. */
export function readRequest(xid: number, operation: number, path: string): Buffer {
  return frame([int(xid), int(operation), bytes(path), bool(true)])
}

export function pingRequest(): Buffer {
  return frame([int(XIDS.ping), int(OPERATIONS.ping)])
}

export function closeRequest(xid: number): Buffer {
  return frame([int(xid), int(OPERATIONS.close)])
}

export function digestRequest(username: string, password: string): Buffer {
  const scheme = bytes('digest')
  return frame([int(XIDS.auth), int(OPERATIONS.auth), int(0), scheme, bytes(`${username}:${password}`)])
}

export interface Header {
  readonly xid: number
  /** The last transaction that the answering server knew. */
  readonly zxid: bigint
  /** 0: it worked. */
  readonly error: number
}

export function readHeader(reader: JuteReader): Header {
  return { xid: reader.int(), zxid: reader.long(), error: reader.int() }
}

/** Something happened to a node that had been read. */
export interface NodeEvent {
  readonly kind: 'created' | 'deleted' | 'data' | 'children'
  readonly path: string
}

const KINDS: Readonly<Record<number, NodeEvent['kind']>> = {
  1: 'created',
  2: 'deleted',
  3: 'data',
  4: 'children',
}

/** Undefined: an event of the session itself, or of a kind that nobody asked for. */
export function readEvent(reader: JuteReader): NodeEvent | undefined {
  const kind = KINDS[reader.int()]
  reader.int()
  const path = reader.text()
  return kind === undefined ? undefined : { kind, path }
}
