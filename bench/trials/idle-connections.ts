import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** Opened at once; more would overflow the queue of connections that wait to be accepted. */
const AT_ONCE = 100

export type IdleConnections = AsyncDisposable

/** Opens connections that have had one answer each and now stay idle. @throws Error when one is refused or closed */
export async function openIdle(port: number, count: number, request: string): Promise<IdleConnections> {
  const sockets: Socket[] = []
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
  }
  try {
    while (sockets.length < count) {
      const wanted = Math.min(AT_ONCE, count - sockets.length)
      sockets.push(...(await Promise.all(Array.from({ length: wanted }, () => open(port, request)))))
    }
  } catch (error) {
    await close()
    const hint = 'is the limit of open files (`ulimit -n`) high enough?'
    throw new Error(`${sockets.length} of ${count} connections could be opened; ${hint}`, { cause: error })
  }
  return { [Symbol.asyncDispose]: close }
}

function open(port: number, request: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ port, host: '127.0.0.1' })
  socket.once('data', () => resolve(socket))
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('closed')))
  socket.write(request)
  return promise
}
