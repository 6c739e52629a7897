import { ConfigurationError } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { holdAddress, inheritedAddress } from './held-address.ts'
import type { HeldAddress } from './held-address.ts'
import { assignSockets } from './inherited-sockets.ts'
import type { InheritedSocket } from './inherited-sockets.ts'
import type { ListenAddress } from './listener.ts'

/**
 * The addresses of all entry points, by name: inherited, or held until they are listened on. All are tried before
 * any is used: a start that fails has changed nothing.
 * @throws ConfigurationError when one cannot be had
 */
export async function holdAddresses(
  addresses: readonly ListenAddress[],
  inherited: readonly InheritedSocket[],
): Promise<ReadonlyMap<string, HeldAddress>> {
  const { sockets, problems } = assignSockets(addresses, inherited)
  const held = new Map<string, HeldAddress>()
  const found: Problem[] = [...problems]
  for (const address of addresses) {
    const socket = sockets.get(address.entryPoint)
    try {
      const { host, port } = address
      const bound = { ...address, host: socket?.bound?.address ?? host, port: socket?.bound?.port ?? port }
      held.set(address.entryPoint, socket ? inheritedAddress(bound, socket.fd) : await holdAddress(address))
    } catch (error) {
      found.push(addressProblem(address, error))
    }
  }
  if (found.length === 0) return held
  for (const address of held.values()) address.release()
  throw new ConfigurationError(found)
}

/** Why an entry point cannot listen, and what to do. */
export function addressProblem({ entryPoint, ...address }: ListenAddress, error: unknown): Problem {
  return cannotListen(`entry point ${entryPoint}`, `entryPoints.${entryPoint}.address`, address, error)
}

/** The same for the admin API. */
export function adminAddressProblem(address: Omit<ListenAddress, 'entryPoint'>, error: unknown): Problem {
  return cannotListen('admin API', 'api.address', address, error)
}

function cannotListen(
  resource: string,
  key: string,
  { host, port }: Omit<ListenAddress, 'entryPoint'>,
  error: unknown,
): Problem {
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, readonly [string, string]>> = {
    EADDRINUSE: ['another process listens there', 'stop it, or choose another port'],
    EACCES: ['this user may not listen there', 'choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE'],
    EADDRNOTAVAIL: [
      'this machine has no such address',
      'use one of its own addresses, or leave the host out',
    ],
  }
  const [reason, remedy] = reasons[code ?? ''] ?? [message, 'correct the address']
  return {
    code: 'E501',
    severity: 'error',
    remedy,
    resource,
    message: `cannot listen on ${host}:${port}: ${reason}`,
    origin: { source: 'static configuration', key },
  }
}
