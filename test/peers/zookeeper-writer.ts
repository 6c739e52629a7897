import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { connectRequest, readHeader, readWelcome } from '../../providers/zookeeper/messages.ts'
import { FrameReader, frame } from '../../providers/zookeeper/frames.ts'
import { bool, bytes, int, JuteReader } from '../../providers/zookeeper/jute.ts'

/*
 * Ours: the writing half of a client, by which tests put into a real server what operators would. The server checks
 * what it is sent, so that nothing rests on our own reading of the protocol.
 */

const OPERATIONS = { create: 1, delete: 2, set: 5, setAccess: 7, children: 8, multi: 14, auth: 100 } as const
const ALL_RIGHTS = 31
const ALREADY_THERE = -110

/** One step of a change that happens as a whole. */
export type Step =
  | readonly ['create' | 'set', path: string, value: string]
  | readonly ['delete', path: string]

export class ZooKeeperWriter implements Disposable {
  readonly #socket: Socket
  readonly #frames = new FrameReader()
  readonly #answers: ((message: Buffer) => void)[] = []
  #broken: Error | undefined
  #xid = 0

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', (chunk: Buffer) => {
      for (const message of this.#frames.read(chunk)) this.#answers.shift()?.(message)
    })
    // Each call that is under way listens for the end.
    this.#socket.setMaxListeners(0)
    this.#socket.on('error', (error) => (this.#broken = error))
  }

  /** A session of 4 s, which the server ends unless something is written meanwhile. */
  static async open(port: number): Promise<ZooKeeperWriter> {
    const writer = new ZooKeeperWriter(port)
    readWelcome(await writer.#send(connectRequest(undefined, 4_000)))
    return writer
  }

  /** Writes the value of a node, and creates it and those above it that are missing. */
  async put(path: string, value: string): Promise<void> {
    const names = path.split('/').slice(1)
    for (let depth = 1; depth < names.length; depth++) {
      await this.#create(`/${names.slice(0, depth).join('/')}`, '')
    }
    if ((await this.#create(path, value)) === ALREADY_THERE)
      await this.#must(OPERATIONS.set, set(path, value))
  }

  async putAll(values: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, value] of Object.entries(values)) await this.put(path, value)
  }

  /** All steps in one transaction. */
  async multi(steps: readonly Step[]): Promise<void> {
    const parts = steps.flatMap(([kind, path, value = '']) => [
      int(OPERATIONS[kind]),
      bool(false),
      int(-1),
      kind === 'create' ? create(path, value) : kind === 'set' ? set(path, value) : remove(path),
    ])
    await this.#must(OPERATIONS.multi, Buffer.concat([...parts, int(-1), bool(true), int(-1)]))
  }

  /** Deletes a node with all below it. */
  async deleteTree(path: string): Promise<void> {
    const { reader } = await this.#call(OPERATIONS.children, Buffer.concat([bytes(path), bool(false)]))
    for (const name of reader.texts()) await this.deleteTree(`${path}/${name}`)
    await this.#must(OPERATIONS.delete, remove(path))
  }

  async delete(path: string): Promise<void> {
    await this.#must(OPERATIONS.delete, remove(path))
  }

  async logIn(user: string, password: string): Promise<void> {
    await this.#must(
      OPERATIONS.auth,
      Buffer.concat([int(0), bytes('digest'), bytes(`${user}:${password}`)]),
      -4,
    )
  }

  /** Lets nobody but the users that this connection has logged in as do anything with the node. */
  async protect(path: string): Promise<void> {
    await this.#must(
      OPERATIONS.setAccess,
      Buffer.concat([bytes(path), int(1), int(ALL_RIGHTS), bytes('auth'), bytes(''), int(-1)]),
    )
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  async #create(path: string, value: string): Promise<number> {
    const { error } = await this.#call(OPERATIONS.create, create(path, value))
    if (error !== 0 && error !== ALREADY_THERE) throw new Error(`creating ${path}: ${error}`)
    return error
  }

  async #must(operation: number, body: Buffer, xid?: number): Promise<void> {
    const { error } = await this.#call(operation, body, xid)
    if (error !== 0) throw new Error(`operation ${operation}: error ${error}`)
  }

  async #call(
    operation: number,
    body: Buffer,
    xid = ++this.#xid,
  ): Promise<{ error: number; reader: JuteReader }> {
    const reader = new JuteReader(await this.#send(frame([int(xid), int(operation), body])))
    const { error } = readHeader(reader)
    return { error, reader }
  }

  #send(message: Buffer): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const failed = (): void => reject(this.#broken ?? new Error('the server ended the connection'))
    if (this.#socket.destroyed) failed()
    this.#socket.once('close', failed)
    this.#answers.push((answer) => {
      this.#socket.off('close', failed)
      resolve(answer)
    })
    this.#socket.write(message)
    return promise
  }
}

function create(path: string, value: string): Buffer {
  const everybody = [int(1), int(ALL_RIGHTS), bytes('world'), bytes('anyone')]
  return Buffer.concat([bytes(path), bytes(value), ...everybody, int(0)])
}

function set(path: string, value: string): Buffer {
  return Buffer.concat([bytes(path), bytes(value), int(-1)])
}

function remove(path: string): Buffer {
  return Buffer.concat([bytes(path), int(-1)])
}
