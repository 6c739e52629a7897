import { isIP } from 'node:net'

/** Where an entry point listens. */
export interface ListenAddress {
  /** IP address or host name; empty: every address of the machine. */
  readonly host: string
  /** 0 to 65535; 0 lets the system choose. */
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

/** `[host]:port[/tcp|/udp]`, or what is wrong with it as the end of a sentence. */
export function parseListenAddress(text: string): ListenAddress | string {
  const [, address, protocol = 'tcp'] = /^(.*?)(?:\/([^/]*))?$/s.exec(text.trim()) ?? []
  if (protocol !== 'tcp' && protocol !== 'udp') return `the protocol after \`/\` is \`tcp\` or \`udp\``
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(address ?? '') ?? []
  if (port === undefined) return 'expected `host:port` or `:port`, IPv6 in brackets'
  if (Number(port) > 65_535) return 'a port is at most 65535'
  if (bracketed !== undefined && isIP(bracketed) !== 6) return 'only IPv6 addresses stand in brackets'
  if (!/^[A-Za-z0-9._-]*$/.test(plain)) return 'the host is an IP address or a host name'
  return { host: bracketed ?? plain, port: Number(port), protocol }
}

/** Whether two addresses cannot be listened on at the same time. A port that the system chooses never clashes. */
export function clashes(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port === 0 || a.port !== b.port || a.protocol !== b.protocol) return false
  return a.host.toLowerCase() === b.host.toLowerCase() || isWildcard(a.host) || isWildcard(b.host)
}

function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}
