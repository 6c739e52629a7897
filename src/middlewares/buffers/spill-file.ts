import { mkdtemp, open, rmdir, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Bytes that are read at once. */
const PIECE = 64 * 1024

/**
 * A file that has no name any more: whatever becomes of this process, the system takes its bytes back. Nobody else can
 * have opened it before: its folder was this user's alone.
 */
export class SpillFile {
  readonly #file: FileHandle
  #length = 0
  #closed = false

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** @throws the system's error when there is no place for it */
  static async create(): Promise<SpillFile> {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-body-'))
    const path = join(folder, 'body')
    try {
      const file = await open(path, 'wx+', 0o600)
      await unlink(path)
      return new SpillFile(file)
    } finally {
      await rmdir(folder)
    }
  }

  /** @throws the system's error, such as that of a full disk */
  async append(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, this.#length)
      from += bytesWritten
      this.#length += bytesWritten
    }
  }

  /** The next bytes from this place on; empty at the end. @throws the system's error */
  async read(from: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, this.#length - from))
    if (buffer.length === 0) return buffer
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, from)
    return buffer.subarray(0, bytesRead)
  }

  /** Safe to call at any time; what is being read is read to its end before. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    // A file that cannot be closed is closed all the same.
    this.#file.close().catch(() => {})
  }
}
