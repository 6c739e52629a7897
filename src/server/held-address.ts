import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { BoundSocket, createServer, isIP } from 'node:net'
import type { Server, Socket } from 'node:net'
import { BACKLOG, SERVER_OPTIONS } from './listener.ts'
import type { ListenAddress } from './listener.ts'

/** Codes by which systems say that several sockets cannot share an address. */
const NO_SHARING = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOPROTOOPT', 'EINVAL', 'ENOSYS'])

/**
 * Proves that an address is free, says which port it is (0 asks for any), and keeps it bound until it is listened on.
 * Nobody can connect meanwhile. An empty host is every address of the machine, of IPv6 too where there is that.
 * @throws the system's error, such as EADDRINUSE or EACCES
 */
export async function holdAddress({ entryPoint, host, port }: ListenAddress): Promise<HeldAddress> {
  const ip = host === '' || isIP(host) ? host : (await lookup(host)).address
  const socket = ip === '' ? bindAll(port) : new BoundSocket({ host: ip, port })
  const bound = socket.address()
  return new HeldAddress({ entryPoint, host, port: bound.port }, { socket, ip: bound.address })
}

/** An address on which whoever started this process listens already, with the file descriptor `fd`. */
export function inheritedAddress(address: ListenAddress, fd: number): HeldAddress {
  return new HeldAddress(address, { fd })
}

/** The address of an entry point from the start of the program on: first held, then listened on. */
export class HeldAddress {
  readonly address: ListenAddress
  readonly #source: { socket: BoundSocket; readonly ip: string } | { readonly fd: number }

  constructor(
    address: ListenAddress,
    source: { socket: BoundSocket; readonly ip: string } | { readonly fd: number },
  ) {
    this.address = address
    this.#source = source
  }

  /** The listening socket belongs to whoever started this process: it cannot be divided among threads. */
  get inherited(): boolean {
    return 'fd' in this.#source
  }

  /**
   * As many listening sockets, to be given to threads: the kernel spreads connections over them. Undefined where
   * the system has nothing of the kind. Sockets that share an address never see "address in use", and a second
   * program would quietly take half of the connections: so it is first listened on without sharing. Between that
   * and the shared listening lies one turn of this thread, some tens of microseconds.
   * @throws the system's error, such as EADDRINUSE
   */
  async share(count: number): Promise<Server[] | undefined> {
    const source = this.#source
    if ('fd' in source) return undefined
    const sockets = shared(source.ip, this.address.port, count)
    if (!sockets) return undefined
    const proof = await listening(source.socket)
    proof.close()
    return Promise.all(sockets.map((socket) => listening(socket)))
  }

  /**
   * One more listening socket beside those of `share`.
   * @throws the system's error, such as EADDRINUSE when none of those is left and another program was quicker
   */
  async another(): Promise<Server> {
    const { ip } = this.#source as { readonly ip: string }
    return listening(shared(ip, this.address.port, 1)![0]!)
  }

  /** Listens in this thread. */
  open(accepted: (socket: Socket, server: Server) => void): Promise<Server> {
    const source = this.#source
    return listening('fd' in source ? source : source.socket, accepted)
  }

  /** Gives the address up when it was never listened on. */
  release(): void {
    if ('socket' in this.#source) this.#source.socket[Symbol.dispose]()
  }
}

/** Accepts from the next turn of the event loop on. */
async function listening(
  on: BoundSocket | { readonly fd: number },
  accepted?: (socket: Socket, server: Server) => void,
): Promise<Server> {
  const server = createServer(SERVER_OPTIONS, (socket) => accepted?.(socket, server))
  server.listen(on, BACKLOG)
  await once(server, 'listening')
  return server
}

function bindAll(port: number): BoundSocket {
  try {
    return new BoundSocket({ host: '::', port })
  } catch (error) {
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
    return new BoundSocket({ host: '0.0.0.0', port })
  }
}

/** Undefined where sockets cannot share an address. */
function shared(host: string, port: number, count: number): BoundSocket[] | undefined {
  try {
    return Array.from({ length: count }, () => new BoundSocket({ host, port, reusePort: true }))
  } catch (error) {
    if (NO_SHARING.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
