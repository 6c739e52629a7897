import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { once } from 'node:events'
import type { DataPlane } from './data-plane.ts'

/** Where one entry point listens; plain data. */
export interface ListenAddress {
  readonly entryPoint: string
  /** Empty: all addresses. */
  readonly host: string
  readonly port: number
}

/** Connections that may wait to be accepted; the kernel caps it at `net.core.somaxconn`. */
const BACKLOG = 4_096

/**
 * Accepts connections for an entry point and hands them to the data plane. With `reusePort` several threads listen
 * on the same address and the kernel spreads connections over them.
 */
export async function listen(address: ListenAddress, plane: DataPlane, reusePort: boolean): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
    plane.accept(address.entryPoint, socket, server),
  )
  const { host, port } = address
  server.listen({ port, backlog: BACKLOG, reusePort, ...(host === '' ? {} : { host }) })
  await once(server, 'listening')
  return server
}

/**
 * Proves that an address is free and says which port it is (0 asks for any). Two `reusePort` listeners of different
 * programs never see "address in use", so without this a second Tidegate would quietly take half of the requests.
 * @throws the system's error, such as EADDRINUSE or EACCES
 */
export async function probeAddress(address: ListenAddress): Promise<ListenAddress> {
  const { host, port } = address
  const server = createServer()
  server.listen({ port, ...(host === '' ? {} : { host }) })
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  await once(server, 'close')
  return { ...address, port: typeof bound === 'object' && bound !== null ? bound.port : port }
}
