import { BlockList, isIP } from 'node:net'
import { defineMatcher } from '../matcher.ts'

export default defineMatcher({
  name: 'ClientIP',
  summary: 'The address of the connection, never that of a header, is this one or within this CIDR range.',
  parameters: ['range'],
  check([range]) {
    const message = `\`${range}\` is neither an IP address nor a CIDR range`
    return listOf(range!) ? undefined : { argument: 0, message }
  },
  create([range]) {
    const list = listOf(range!)!
    return ({ clientAddress }) => list.check(clientAddress, isIP(clientAddress) === 6 ? 'ipv6' : 'ipv4')
  },
})

function listOf(range: string): BlockList | undefined {
  const [address = '', bits, ...more] = range.split('/')
  const version = isIP(address)
  // A zone (`fe80::1%eth0`) names an interface of one machine.
  if (version === 0 || more.length > 0 || address.includes('%')) return undefined
  const list = new BlockList()
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) list.addAddress(address, family)
  else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32))
    list.addSubnet(address, Number(bits), family)
  else return undefined
  return list
}
