import { createServer } from 'node:net'

const LOWEST = 11_000
/** Below the range from which the kernel takes the ports of outgoing connections, so that none takes ours. */
const HIGHEST = 32_000

/** Ports of 127.0.0.1 that nobody listens on now, for programs that cannot be told to choose one themselves. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return promise
}
