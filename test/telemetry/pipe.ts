import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempDisposableSync, openSync, readSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A pipe whose reader reads only when it is told to. */
export function pipe() {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'tidegate-pipe-'))
  const path = join(folder.path, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  // Blocking, as standard output is when a shell makes the pipe.
  const writer = openSync(path, constants.O_WRONLY)
  return {
    path,
    writer,
    /** What waits in the pipe now. */
    read: (): string => {
      const chunks: Buffer[] = []
      for (;;) {
        const chunk = Buffer.alloc(64 * 1024)
        const size = readOrNothing(reader, chunk)
        if (size === 0) return Buffer.concat(chunks).toString()
        chunks.push(chunk.subarray(0, size))
      }
    },
    [Symbol.dispose]: () => {
      closeSync(reader)
      closeSync(writer)
      folder.remove()
    },
  }
}

function readOrNothing(fd: number, into: Buffer): number {
  try {
    return readSync(fd, into)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}
