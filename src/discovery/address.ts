import { BlockList, isIP } from 'node:net'

/** An address that may be connected to, or why it may not: a sentence that continues "its address". */
export type CheckedAddress = { readonly host: string } | { readonly refused: string }

/** RFC 1123 §2.1; underscores are met in container networks. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i
const LONGEST = 1_024

/**
 * Checks the address of an endpoint, which whoever registers a service may choose freely. Brackets, a trailing dot
 * and unusual notations of IP addresses are resolved, so that what is checked is what will be connected to.
 */
export function checkAddress(address: string): CheckedAddress {
  const text = address.trim().replace(/^\[(.*)\]$/, '$1')
  if (text === '') return { refused: 'is empty' }
  if (text.length > LONGEST) return { refused: 'is too long' }
  if (isIP(text) !== 0) return checkIp(text)
  const name = text.replace(/\.$/, '')
  if (!HOST_NAME.test(name)) return { refused: 'is neither an IP address nor a host name' }
  // Resolvers read `2852039166` and `0xa9fea9fe` as IPv4 addresses; so does the URL standard.
  if (!/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(name)) return { host: name.toLowerCase() }
  const canonical = URL.parse(`http://${name}`)?.hostname
  return canonical === undefined
    ? { refused: 'is neither an IP address nor a host name' }
    : checkIp(canonical)
}

/** Why no endpoint may have this IP address, or undefined; for what a host name resolved to, too. */
export function refusedIp(ip: string): string | undefined {
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4'
  return REFUSED.find(([, list]) => list.check(ip, family))?.[0]
}

function checkIp(ip: string): CheckedAddress {
  if (ip.includes('%')) return { refused: 'is bound to one network interface, as link-local addresses are' }
  const refused = refusedIp(ip)
  return refused === undefined ? { host: ip } : { refused }
}

const REFUSED: readonly (readonly [why: string, list: BlockList])[] = [
  [
    'is link-local, where the metadata of cloud machines is found',
    blockList(['169.254.0.0', 16], ['fe80::', 10]),
  ],
  [
    'is where the metadata of cloud machines is found',
    // Amazon by IPv6, Google by IPv6, Azure, Oracle.
    blockList(['fd00:ec2::', 32], ['fd20:ce::254', 128], ['168.63.129.16', 32], ['192.0.0.192', 32]),
  ],
  ['is unspecified', blockList(['0.0.0.0', 8], ['::', 128])],
  ['is no address of one machine', blockList(['224.0.0.0', 4], ['255.255.255.255', 32], ['ff00::', 8])],
]

/** Subnets of IPv4 also in all the ways in which they are written within IPv6. */
function blockList(...subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, bits] of subnets) {
    list.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4')
    if (isIP(network) === 4)
      for (const [inside, length] of within(network, bits)) list.addSubnet(inside, length, 'ipv6')
  }
  return list
}

/** Mapped (RFC 4291 §2.5.5.2), translated (RFC 2765), through NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), compatible. */
function within(network: string, bits: number): (readonly [string, number])[] {
  const [a = 0, b = 0, c = 0, d = 0] = network.split('.').map(Number)
  const sixToFour = `2002:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}::`
  const prefixes = ['::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::']
  // Loopback itself (`::1`) is a compatible address of 0.0.0.0/8.
  if (a !== 0) prefixes.push('::')
  return [
    ...prefixes.map((prefix) => [`${prefix}${network}`, 96 + bits] as const),
    [sixToFour, 16 + bits] as const,
  ]
}
