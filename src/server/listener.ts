import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import type { DataPlane } from './data-plane.ts'

/** Where one entry point listens; plain data. */
export interface ListenAddress {
  readonly entryPoint: string
  /** Empty: all addresses. */
  readonly host: string
  readonly port: number
}

/** Connections that may wait to be accepted; the kernel caps it at `net.core.somaxconn`. */
export const BACKLOG = 4_096

/** Of every listening server: the data plane sets a socket up before its first read. */
export const SERVER_OPTIONS = { pauseOnConnect: true, allowHalfOpen: true } as const

/** Accepts connections for an entry point in this thread, and hands them to the data plane. */
export async function listen(address: ListenAddress, plane: Pick<DataPlane, 'accept'>): Promise<Server> {
  const server = createServer(SERVER_OPTIONS, (socket) => plane.accept(address.entryPoint, socket, server))
  const { host, port } = address
  server.listen({ port, backlog: BACKLOG, ...(host === '' ? {} : { host }) })
  await once(server, 'listening')
  return server
}
