/** What came is not what ZooKeeper sends; nothing may be concluded from it. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}

/**
 * Reads Jute, ZooKeeper's serialization (big-endian numbers, texts and lists with their length before them). Every
 * length is held against what is there before anything is allocated, since whoever answers is not trusted.
 */
export class JuteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** @throws MalformedError as all of these, when the bytes end before the value does */
  int(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  /** Bytes that share the message's memory; a length of −1 stands for null and gives none. */
  bytes(): Buffer {
    const length = this.int()
    if (length < -1) throw new MalformedError(`a length of ${length} bytes`)
    const start = this.#take(Math.max(0, length))
    return this.#bytes.subarray(start, this.#at)
  }

  /** @throws MalformedError when it is no UTF-8 */
  text(): string {
    try {
      return UTF8.decode(this.bytes())
    } catch (error) {
      if (error instanceof MalformedError) throw error
      throw new MalformedError('a text that is no UTF-8', { cause: error })
    }
  }

  texts(): string[] {
    const count = this.int()
    if (count < -1) throw new MalformedError(`a list of ${count} texts`)
    // Each text takes four bytes at least: what announces more is refused before room is made for it.
    if (count * 4 > this.#bytes.length - this.#at) throw new MalformedError(`${count} texts in fewer bytes`)
    return Array.from({ length: Math.max(0, count) }, () => this.text())
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) {
      throw new MalformedError(`${length} bytes where ${this.#bytes.length - start} are left`)
    }
    this.#at = start + length
    return start
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function int(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function long(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function bool(value: boolean): Buffer {
  return Buffer.of(value ? 1 : 0)
}

/** Of a text as well, whose bytes are UTF-8. */
export function bytes(value: string | Buffer): Buffer {
  const content = Buffer.from(value)
  return Buffer.concat([int(content.length), content])
}
