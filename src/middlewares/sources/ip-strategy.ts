import { isIP, isIPv6 } from 'node:net'
import type { Fields, OptionsOf } from '../../config/fields.ts'
import type { Request } from '../../middleware.ts'
import { compileRanges, rangeComplaint } from './ip-ranges.ts'

export const ipStrategyOptions = (field: Fields) => ({
  depth: field
    .integer(
      'Takes this many-th address of X-Forwarded-For from the right; 0: the address of the connection.',
      { min: 0, max: 100 },
    )
    .default(0),
  excludedIPs: field
    .list(
      'Takes the first address of X-Forwarded-For from the right that is in none of these; `depth` counts over it.',
      field.string('Address or range.'),
    )
    .default([]),
  ipv6Subnet: field
    .integer('Takes the first address of the IPv6 network with this prefix length for all addresses in it.', {
      min: 1,
      max: 128,
    })
    .optional(),
})
export type IpStrategyOptions = OptionsOf<ReturnType<typeof ipStrategyOptions>>

export function ipStrategyComplaint({ excludedIPs }: IpStrategyOptions): string | undefined {
  for (const range of excludedIPs) {
    const complaint = rangeComplaint(range)
    if (complaint) return `\`ipStrategy.excludedIPs\`: ${complaint}`
  }
  return undefined
}

/** Finds the address that a request counts as coming from; undefined when X-Forwarded-For does not hold one. */
export function compileIpStrategy(
  options: IpStrategyOptions | undefined,
): (request: Request) => string | undefined {
  const select = selector(options)
  const subnet = options?.ipv6Subnet
  if (subnet === undefined) return select
  return (request) => {
    const address = select(request)
    return address !== undefined && isIPv6(address) ? networkOf(address, subnet) : address
  }
}

function selector(options: IpStrategyOptions | undefined): (request: Request) => string | undefined {
  if (options && options.depth > 0) {
    const { depth } = options
    return (request) => forwardedFor(request).at(-depth)
  }
  if (options && options.excludedIPs.length > 0) {
    const excluded = compileRanges(options.excludedIPs)
    return (request) => forwardedFor(request).findLast((address) => !excluded(address))
  }
  return (request) => request.clientAddress
}

/**
 * The addresses of X-Forwarded-For as the peer sent it, the nearest last; an untrusted peer's was taken out before
 * routing. The entry point has put the peer's own address behind them, which counts neither for `depth` nor for
 * `excludedIPs`.
 */
function forwardedFor(request: Request): string[] {
  const addresses = request.headers
    .getAll('X-Forwarded-For')
    .join()
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
  if (addresses.at(-1) === request.clientAddress) addresses.pop()
  return addresses
}

/** The first address of the IPv6 network that `address` belongs to, in full form. */
function networkOf(address: string, bits: number): string {
  const groups = groupsOf(address)
  return groups
    .map((group, i) => group & (0xffff << Math.min(16, Math.max(0, 16 * (i + 1) - bits))) & 0xffff)
    .map((group) => group.toString(16))
    .join(':')
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const [left = '', right] = withoutDots(address.replace(/%.*$/, '')).split('::')
  const head = left === '' ? [] : left.split(':')
  if (right === undefined) return head.map((group) => Number.parseInt(group, 16))
  const tail = right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16))
}

/** `::ffff:10.0.0.1` with its last part in hexadecimal groups. */
function withoutDots(address: string): string {
  const last = address.slice(address.lastIndexOf(':') + 1)
  if (isIP(last) !== 4) return address
  const [a = 0, b = 0, c = 0, d = 0] = last.split('.').map(Number)
  return `${address.slice(0, -last.length)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}
