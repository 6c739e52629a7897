import { BlockList, isIP } from 'node:net'

/** What is wrong with an address or CIDR range, as a sentence, or undefined. */
export function rangeComplaint(text: string): string | undefined {
  const [address = '', bits, ...more] = text.trim().split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || more.length > 0)
    return `\`${text}\` is neither an IP address nor a range such as \`10.0.0.0/8\``
  if (bits === undefined) return undefined
  const most = family === 4 ? 32 : 128
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most
    ? undefined
    : `\`${text}\`: the part behind the slash must be a number from 0 to ${most}`
}

/** Whether an address is in one of the ranges; false for what is no address. Ranges have passed `rangeComplaint`. */
export function compileRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.trim().split('/')
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}
