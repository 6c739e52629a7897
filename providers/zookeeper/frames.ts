import { MalformedError } from './jute.ts'

/**
 * The largest message that is taken from a server. Servers refuse to store more than 1 MiB in one node; the names of a
 * node's children may take more.
 */
export const LARGEST_FRAME = 8 * 1024 * 1024

/** A message with its length before it. */
export function frame(parts: readonly Buffer[]): Buffer {
  const length = Buffer.allocUnsafe(4)
  length.writeInt32BE(parts.reduce((sum, part) => sum + part.length, 0))
  return Buffer.concat([length, ...parts])
}

/** Cuts a stream of bytes into messages; holds no more than one message and one chunk. */
export class FrameReader {
  #chunks: Buffer[] = []
  #length = 0
  #wanted = 4

  /**
   * The messages that the chunk completes.
   * @throws MalformedError when one announces a length that no server would send
   */
  read(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    this.#chunks.push(chunk)
    this.#length += chunk.length
    // Chunks are joined once a message is complete, so that a large one in small chunks costs no square of its size.
    while (this.#length >= this.#wanted) {
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
      const length = lengthOf(all)
      const end = 4 + length
      this.#wanted = all.length < end ? end : 4
      this.#chunks = [all.length < end ? all : all.subarray(end)]
      this.#length = this.#chunks[0]!.length
      if (all.length >= end) messages.push(all.subarray(4, end))
    }
    return messages
  }
}

function lengthOf(bytes: Buffer): number {
  const length = bytes.readInt32BE(0)
  if (length >= 0 && length <= LARGEST_FRAME) return length
  throw new MalformedError(`a message of ${length} bytes`)
}
