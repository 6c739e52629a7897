/**
 * Whole lines in memory that the thread which made them shares with the one that writes them. Memory that is moved
 * instead counts as garbage of both, again and again: at 25 MiB a second V8 then marks their whole heaps every few
 * seconds (docs/decisions/0016).
 */
export interface SharedLines {
  readonly memory: SharedArrayBuffer
  /** Bytes of it that are lines. */
  readonly length: number
}

/** Bytes in front of the lines: a 32-bit integer that says who has the memory. */
const HEAD = 8
const FREE = 0
const TAKEN = 1
/** Pieces of memory that are kept; one is filled while others are written. */
const MOST_KEPT = 8

/** The lines, where they are. */
export function linesIn({ memory, length }: SharedLines): Buffer {
  return Buffer.from(memory, HEAD, length)
}

/** To be called when the lines are written or lost: the memory is written anew from then on. */
export function giveBack({ memory }: SharedLines): void {
  Atomics.store(new Int32Array(memory, 0, 1), 0, FREE)
}

/** Memory for lines, and how it is handed over. */
export interface LinePiece {
  readonly memory: SharedArrayBuffer
  /** What lies behind its head. */
  readonly bytes: Buffer
  readonly state: Int32Array
}

/** One thread's memory for lines, used again and again. */
export class LineMemory {
  readonly #size: number
  readonly #kept: LinePiece[] = []

  /** `size`: bytes of a piece. */
  constructor(size: number) {
    this.#size = size
  }

  /** Free memory for at least so many bytes. While all that is kept waits to be written, it is new memory. */
  take(bytes: number): LinePiece {
    if (bytes > this.#size) return newPiece(bytes)
    const free = this.#kept.find(({ state }) => Atomics.load(state, 0) === FREE)
    const piece = free ?? newPiece(this.#size)
    if (free === undefined && this.#kept.length < MOST_KEPT) this.#kept.push(piece)
    Atomics.store(piece.state, 0, TAKEN)
    return piece
  }
}

function newPiece(size: number): LinePiece {
  const memory = new SharedArrayBuffer(HEAD + size)
  return { memory, bytes: Buffer.from(memory, HEAD), state: new Int32Array(memory, 0, 1) }
}
