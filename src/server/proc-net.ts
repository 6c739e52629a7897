import { endianness } from 'node:os'
import { SocketAddress } from 'node:net'

/** State of a socket that listens. */
const LISTEN = '0A'

/**
 * Where the listening socket of this inode is bound, by the kernel's tables of TCP sockets (proc_pid_net(5)). To ask
 * the socket itself, Node would have to accept on it already.
 */
export function findListener(
  tables: readonly string[],
  inode: string,
): { address: string; port: number } | undefined {
  for (const table of tables) {
    for (const line of table.split('\n')) {
      const [, local = '', , state, , , , , , owner] = line.trim().split(/\s+/)
      if (state !== LISTEN || owner !== inode) continue
      const [address = '', port = ''] = local.split(':')
      return { address: readAddress(address), port: Number.parseInt(port, 16) }
    }
  }
  return undefined
}

/** Words of 32 bits in the machine's own byte order. */
function readAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
