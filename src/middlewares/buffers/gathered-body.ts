import type { BodyProducer, HeaderList, Request } from '../../middleware.ts'
import { Body } from '../../middleware.ts'
import type { RepeatableBody } from '../attempts/attempts.ts'
import { readable } from './readable.ts'
import { SpillFile } from './spill-file.ts'

export interface GatherLimits {
  /** Bytes that a body may have; 0: any number; less: none at all. */
  readonly most: number
  /** Bytes of it that are kept in memory; what is longer lies on disk. */
  readonly memory: number
}

/** Why a body could not be gathered: `too-long`; `broken` or given up by its sender; there is no `space` for it. */
export class GatherError extends Error {
  override readonly name = 'GatherError'
  readonly kind: 'too-long' | 'broken' | 'space'

  constructor(kind: GatherError['kind'], cause?: unknown) {
    super(`body: ${kind}`, { cause })
    this.kind = kind
  }
}

/**
 * Takes a whole body in. What it holds is let go when the request's exchange is over.
 * @throws GatherError; the body is cancelled then
 */
export async function gather(body: Body, limits: GatherLimits, request: Request): Promise<GatheredBody> {
  const gathering = new Gathering(limits)
  request.whenOver(() => gathering.close())
  try {
    if (exceeds(body.length ?? 0, limits)) throw new GatherError('too-long')
    while (!body.done) {
      const chunk = body.take()
      if (chunk) await gathering.add(chunk)
      else if (body.error || body.cancelled) throw new GatherError('broken', body.error)
      else await readable(body, request)
    }
    return gathering.finish(body.trailers)
  } catch (error) {
    body.cancel()
    gathering.close()
    throw error
  }
}

function exceeds(length: number, { most }: GatherLimits): boolean {
  return most !== 0 && length > Math.max(most, 0)
}

class Gathering {
  readonly #limits: GatherLimits
  #chunks: Buffer[] = []
  #length = 0
  #file: SpillFile | undefined = undefined
  #closed = false

  constructor(limits: GatherLimits) {
    this.#limits = limits
  }

  async add(chunk: Buffer): Promise<void> {
    const { memory } = this.#limits
    this.#length += chunk.length
    if (exceeds(this.#length, this.#limits)) throw new GatherError('too-long')
    if (!this.#file && this.#length <= memory) this.#chunks.push(chunk)
    else await this.#spill(chunk)
  }

  finish(trailers: HeaderList | undefined): GatheredBody {
    return new GatheredBody(this.#chunks, this.#file, this.#length, trailers)
  }

  close(): void {
    this.#closed = true
    this.#chunks = []
    this.#file?.close()
  }

  async #spill(chunk: Buffer): Promise<void> {
    try {
      this.#file ??= await SpillFile.create()
      const before = this.#chunks
      this.#chunks = []
      for (const bytes of [...before, chunk]) await this.#file.append(bytes)
    } catch (error) {
      throw new GatherError('space', error)
    } finally {
      // The exchange was over while the file was made.
      if (this.#closed) this.#file?.close()
    }
  }
}

/** A whole body, in memory or on disk, that can be read again and again until its exchange is over. */
export class GatheredBody implements RepeatableBody {
  readonly replayable = true
  readonly #chunks: readonly Buffer[]
  readonly #file: SpillFile | undefined
  /** Bytes of it. */
  readonly length: number
  readonly #trailers: HeaderList | undefined

  constructor(
    chunks: readonly Buffer[],
    file: SpillFile | undefined,
    length: number,
    trailers: HeaderList | undefined,
  ) {
    this.#chunks = chunks
    this.#file = file
    this.length = length
    this.#trailers = trailers
  }

  next(): Body {
    // Trailers travel behind chunks alone (RFC 9112 §7.1.2).
    const length = this.#trailers ? undefined : this.length
    if (this.#file) return new StoredBody(this.#file, length, this.#trailers).body
    const body = new Body(length, null)
    for (const chunk of this.#chunks) body.push(chunk)
    body.end(this.#trailers)
    return body
  }

  release(): void {}
}

/** Reads a file as fast as the body is taken. */
class StoredBody implements BodyProducer {
  readonly body: Body
  readonly #file: SpillFile
  readonly #trailers: HeaderList | undefined
  #at = 0
  #busy = false
  #cancelled = false

  constructor(file: SpillFile, length: number | undefined, trailers: HeaderList | undefined) {
    this.#file = file
    this.#trailers = trailers
    this.body = new Body(length, this)
  }

  demand(): void {
    void this.#read()
  }

  resume(): void {
    void this.#read()
  }

  cancel(): void {
    this.#cancelled = true
  }

  async #read(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      for (let room = true; room && !this.#cancelled;) {
        const bytes = await this.#file.read(this.#at)
        this.#at += bytes.length
        if (bytes.length === 0) {
          this.#cancelled = true
          this.body.end(this.#trailers)
        } else room = this.body.push(bytes)
      }
    } catch (error) {
      this.#cancelled = true
      this.body.fail(error as Error)
    }
    this.#busy = false
  }
}
