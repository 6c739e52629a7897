import { createHash } from 'node:crypto'
import type { Server } from 'node:net'
import { connect, createServer } from 'node:net'

/**
 * Runs `work` while no other process of this machine runs work under the same name. The lock is a listening socket
 * in Linux's abstract namespace: the kernel frees it when its holder ends, however that happens, so there is no
 * stale lock to judge.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  // Hashed, since the kernel takes no more than 107 bytes.
  const lock = await acquire(`\0tidegate-${createHash('sha256').update(name).digest('hex')}`)
  try {
    return await work()
  } finally {
    await release(lock)
  }
}

interface Lock {
  readonly server: Server
  readonly waiting: Set<() => void>
}

async function acquire(address: string): Promise<Lock> {
  for (;;) {
    const lock = await tryToListen(address)
    if (lock) return lock
    await untilFreed(address)
  }
}

function tryToListen(path: string): Promise<Lock | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Lock | undefined>()
  const waiting = new Set<() => void>()
  const server = createServer((socket) => {
    const end = (): void => void socket.destroy()
    waiting.add(end)
    socket.on('error', end)
    socket.on('close', () => waiting.delete(end))
  })
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
  )
  server.listen({ path }, () => resolve({ server, waiting }))
  return promise
}

/** The holder never answers: that the connection ends is the sign that the lock may be free. */
function untilFreed(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect({ path })
  socket.on('error', () => undefined)
  socket.on('close', () => resolve())
  socket.resume()
  return promise
}

function release({ server, waiting }: Lock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  for (const end of waiting) end()
  return promise
}
