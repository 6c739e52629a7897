import { TooLargeError } from '../parts/store-errors.ts'
import type { ZooKeeperConnection } from './connection.ts'
import { MalformedError } from './jute.ts'
import type { NodeEvent } from './messages.ts'

/** Bytes of all paths and values; far above any routing, and far below what fills the memory. */
const LARGEST_TREE = 64 * 1024 * 1024
const MOST_NODES = 200_000
/** Reads that are under way at one time, so that a large tree neither waits for each answer nor floods the server. */
const CONCURRENT_READS = 256

interface TreeNode {
  readonly children: Set<string>
  value: Buffer
}

/**
 * What is below one node, kept by reading again what the server says has changed. It is as the server had it at one
 * moment whenever nothing is unread: events arrive before the answers that show what they tell of.
 */
export class NodeTree {
  readonly #root: string
  readonly #nodes = new Map<string, TreeNode>()
  readonly #unreadValues = new Set<string>()
  readonly #unreadChildren = new Set<string>()
  #unreadRoot = true
  #size = 0

  /** @param root such as `/traefik` */
  constructor(root: string) {
    this.#root = root
  }

  get unread(): boolean {
    return this.#unreadRoot || this.#unreadValues.size > 0 || this.#unreadChildren.size > 0
  }

  /** Whether the root itself was there when last read. */
  get exists(): boolean {
    return this.#nodes.has(this.#root)
  }

  /** Marks what is to be read again. That a node is gone is found by reading, too, so that late answers do no harm. */
  note({ kind, path }: NodeEvent): void {
    if (path === this.#root && (kind === 'created' || kind === 'deleted')) this.#unreadRoot = true
    else if (this.#nodes.has(path)) {
      if (kind !== 'children') this.#unreadValues.add(path)
      if (kind !== 'data') this.#unreadChildren.add(path)
    }
  }

  /**
   * Reads until nothing is unread.
   * @throws ReadError, TooLargeError, MalformedError, or what ended the connection
   */
  async read(connection: ZooKeeperConnection): Promise<void> {
    while (this.unread) {
      if (this.#unreadRoot) await this.#readRoot(connection)
      const children = take(this.#unreadChildren, CONCURRENT_READS)
      const values = take(this.#unreadValues, CONCURRENT_READS - children.length)
      await Promise.all([
        ...children.map((path) => this.#readChildren(connection, path)),
        ...values.map((path) => this.#readValue(connection, path)),
      ])
    }
  }

  /** Paths with values, without nodes that only hold others. */
  *values(): Generator<[path: string, value: Buffer], void> {
    for (const [path, { value, children }] of this.#nodes) {
      if (value.length > 0 || children.size === 0) yield [path, value]
    }
  }

  async #readRoot(connection: ZooKeeperConnection): Promise<void> {
    this.#unreadRoot = false
    // The only read that is told when a node comes which is not there yet.
    if (await connection.exists(this.#root)) this.#add(this.#root)
    else this.#remove(this.#root)
  }

  async #readValue(connection: ZooKeeperConnection, path: string): Promise<void> {
    const value = await connection.data(path)
    const node = this.#nodes.get(path)
    if (!node) return
    if (!value) return this.#gone(path)
    this.#grow(value.length - node.value.length)
    // A copy: a view would keep the whole chunk that it came in.
    node.value = Buffer.from(value)
  }

  async #readChildren(connection: ZooKeeperConnection, path: string): Promise<void> {
    const names = await connection.children(path)
    const node = this.#nodes.get(path)
    if (!node) return
    if (!names) return this.#gone(path)
    const listed = new Set(names.map(checked))
    for (const name of node.children) if (!listed.has(name)) this.#removeChild(path, node, name)
    for (const name of listed) {
      if (node.children.has(name)) continue
      node.children.add(name)
      this.#add(join(path, name))
    }
  }

  /** A child that is gone without its parent's list having shown it yet. */
  #gone(path: string): void {
    if (path === this.#root) this.#unreadRoot = true
    const cut = path.lastIndexOf('/')
    const parent = this.#nodes.get(path.slice(0, cut) || '/')
    if (parent && path !== this.#root)
      this.#removeChild(path.slice(0, cut) || '/', parent, path.slice(cut + 1))
    // It may be there again already, as another node: then its parent lists it.
    if (parent) this.#unreadChildren.add(path.slice(0, cut) || '/')
  }

  #removeChild(path: string, node: TreeNode, name: string): void {
    node.children.delete(name)
    this.#remove(join(path, name))
  }

  #add(path: string): void {
    if (!this.#nodes.has(path)) {
      this.#grow(Buffer.byteLength(path))
      this.#nodes.set(path, { children: new Set(), value: EMPTY })
      if (this.#nodes.size > MOST_NODES) throw new TooLargeError(`more than ${MOST_NODES} nodes`)
    }
    this.#unreadValues.add(path)
    this.#unreadChildren.add(path)
  }

  /** With all below it; a list rather than recursion, since nobody bounds the depth but the size of the tree. */
  #remove(path: string): void {
    const leaving = [path]
    for (const each of leaving) {
      const node = this.#nodes.get(each)
      if (!node) continue
      for (const name of node.children) leaving.push(join(each, name))
      this.#nodes.delete(each)
      this.#unreadValues.delete(each)
      this.#unreadChildren.delete(each)
      this.#grow(-Buffer.byteLength(each) - node.value.length)
    }
  }

  #grow(by: number): void {
    this.#size += by
    if (this.#size > LARGEST_TREE) throw new TooLargeError(`more than ${LARGEST_TREE} bytes`)
  }
}

const EMPTY = Buffer.alloc(0)

function take(paths: Set<string>, count: number): string[] {
  const taken = paths.values().take(count).toArray()
  for (const path of taken) paths.delete(path)
  return taken
}

function join(path: string, name: string): string {
  return path === '/' ? `/${name}` : `${path}/${name}`
}

/** A name with a slash would lead out of its parent. */
function checked(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new MalformedError(`a node named ${JSON.stringify(name.slice(0, 80))}`)
  }
  return name
}
