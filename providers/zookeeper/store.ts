import type { ProviderTools } from '../../src/discovery/provider.ts'
import { Doorbell } from '../parts/doorbell.ts'
import { parsePlace } from '../parts/endpoint-place.ts'
import type { KeyStore, StoreSession } from '../parts/key-store.ts'
import { rootsOf } from '../parts/key-store.ts'
import { ZooKeeperConnection } from './connection.ts'
import { BehindError } from './errors.ts'
import { toProblem } from './failures.ts'
import type { Session } from './messages.ts'
import { NodeTree } from './node-tree.ts'
import type { ZooKeeperOptions } from './options.ts'

/** Where ZooKeeper listens when no port is given. */
const DEFAULT_PORT = 2181

/** ZooKeeper as a store of keys. */
export function zooKeeperStore(options: ZooKeeperOptions, { name }: Pick<ProviderTools, 'name'>): KeyStore {
  const { username, password = '' } = options
  const credentials = username === undefined || username === '' ? undefined : { username, password }
  const endpoints = nonEmpty(options.endpoints, `127.0.0.1:${DEFAULT_PORT}`)
  for (const endpoint of endpoints) parsePlace(endpoint, DEFAULT_PORT, name)
  const ensemble = new Ensemble(credentials, endpoints.length, name)
  return {
    endpoints,
    // Paths have one slash at their beginning, keys of the other stores none.
    roots: rootsOf(options.rootKey?.replace(/^\/+/, '')),
    follow: (session) => ensemble.follow(session),
    toProblem: (error, endpoint) => toProblem(error, endpoint, name, credentials),
  }
}

function nonEmpty(endpoints: readonly string[], fallback: string): readonly [string, ...string[]] {
  const [first = fallback, ...others] = endpoints.filter((endpoint) => endpoint.trim() !== '')
  return [first, ...others]
}

/** The servers together: what is known of them from one connection to the next. */
class Ensemble {
  readonly #credentials: { readonly username: string; readonly password: string } | undefined
  readonly #size: number
  readonly #source: string
  #session: Session | undefined
  /** The last transaction that any server has shown. */
  #zxid = 0n
  #behindInARow = 0

  constructor(credentials: { username: string; password: string } | undefined, size: number, source: string) {
    this.#credentials = credentials
    this.#size = size
    this.#source = source
  }

  /** Follows one server until something breaks. */
  async follow(session: StoreSession): Promise<void> {
    const follower = new Follower(session)
    const connection = await this.#connect(session, follower)
    try {
      await follower.run(connection, () => this.#see(connection))
    } finally {
      // Where the server has ended it already, its session goes on with the next connection.
      connection.close()
    }
  }

  async #connect({ endpoint, signal }: StoreSession, { note }: Follower): Promise<ZooKeeperConnection> {
    const place = parsePlace(endpoint, DEFAULT_PORT, this.#source)
    const open = async (): Promise<ZooKeeperConnection> => {
      const connection = new ZooKeeperConnection({
        ...place,
        session: this.#session,
        credentials: this.#credentials,
        signal,
        onEvent: note,
      })
      this.#session = await connection.open()
      return connection
    }
    const connection = await open()
    // Expired: all watches are lost with it, and all is read anew in any case.
    return this.#session ? connection : await open()
  }

  /**
   * A server that was cut off from the others shows the past, and the next one may not. When all do, twice, that is
   * what there is, and it is left to what keeps the picture to doubt what is missing.
   */
  #see(connection: ZooKeeperConnection): bigint {
    const { zxid } = connection
    if (zxid < this.#zxid && this.#behindInARow < 2 * this.#size) {
      this.#behindInARow++
      throw new BehindError('it shows an older state than was seen before')
    }
    this.#behindInARow = 0
    this.#zxid = zxid
    return zxid
  }
}

/** Keeps the trees below all roots as one server has them. */
class Follower {
  readonly #session: StoreSession
  readonly #bell = new Doorbell()
  #trees: NodeTree[] = []
  #wantsReading = true

  constructor(session: StoreSession) {
    this.#session = session
    session.onRefresh(() => {
      this.#wantsReading = true
      this.#bell.ring()
    })
  }

  readonly note = (event: Parameters<NodeTree['note']>[0]): void => {
    for (const tree of this.#trees) tree.note(event)
    this.#bell.ring()
  }

  /** @param see tells of an answer, and gives the transaction that it shows */
  async run(connection: ZooKeeperConnection, see: () => bigint): Promise<never> {
    void connection.ended.then(this.#bell.ring)
    for (;;) {
      const whole = this.#wantsReading
      this.#wantsReading = false
      if (whole) this.#trees = this.#session.roots.map((root) => new NodeTree(`/${root}`))
      await this.#read(connection)
      const revision = see()
      if (whole) this.#session.read({ pairs: this.#pairs(), revision })
      else this.#session.changed(this.#pairs(), revision)
      await this.#nextChange(connection)
    }
  }

  async #read(connection: ZooKeeperConnection): Promise<void> {
    while (this.#trees.some((tree) => tree.unread)) {
      for (const tree of this.#trees) await tree.read(connection)
    }
  }

  async #nextChange(connection: ZooKeeperConnection): Promise<void> {
    do {
      await this.#bell.rung()
      if (connection.failure) throw connection.failure
    } while (!this.#wantsReading && !this.#trees.some((tree) => tree.unread))
  }

  #pairs(): Map<string, string> {
    const pairs = new Map<string, string>()
    for (const tree of this.#trees) {
      for (const [path, value] of tree.values()) pairs.set(path.slice(1), value.toString('utf8'))
    }
    return pairs
  }
}
