import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

export interface FileText {
  readonly text: string
  readonly hash: string
}

/** Bytes; a configuration of 10,000 routers takes about 3 MiB. */
const LARGEST_FILE = 16 * 1024 * 1024

/**
 * Reads a whole regular file. What was a regular file a moment ago may be a FIFO now, so it is opened without
 * waiting and looked at again; what grows while it is read is read only up to the limit.
 * @throws Error of `fs`, or one that says what is wrong
 */
export async function readFileText(path: string): Promise<FileText> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const found = await handle.stat()
  if (!found.isFile()) throw new Error('it is no regular file')
  const bytes = await readUpTo(handle, LARGEST_FILE + 1)
  if (bytes.length > LARGEST_FILE) throw new Error(`it is larger than ${LARGEST_FILE / 1024 / 1024} MiB`)
  return { text: bytes.toString('utf8'), hash: createHash('sha256').update(bytes).digest('base64') }
}

async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let total = 0
  while (total < limit) {
    const chunk = Buffer.alloc(Math.min(64 * 1024, limit - total))
    const { bytesRead } = await handle.read(chunk)
    if (bytesRead === 0) break
    chunks.push(chunk.subarray(0, bytesRead))
    total += bytesRead
  }
  return Buffer.concat(chunks)
}
