import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAddress, refusedIp } from '../../src/discovery/address.ts'

const LINK_LOCAL = /link-local/
const METADATA = /metadata/
const NONE = /neither an IP address nor a host name/

const refused: readonly (readonly [string, string, RegExp])[] = [
  ['the metadata of a cloud machine', '169.254.169.254', LINK_LOCAL],
  ['a credential endpoint of containers', '169.254.170.2', LINK_LOCAL],
  ['with a last dot', '169.254.169.254.', LINK_LOCAL],
  ['with blanks', ' 169.254.169.254\t', LINK_LOCAL],
  ['as one number', '2852039166', LINK_LOCAL],
  ['as one hexadecimal number', '0xA9FEA9FE', LINK_LOCAL],
  ['in octal', '0251.0376.0251.0376', LINK_LOCAL],
  ['in three parts', '169.254.43518', LINK_LOCAL],
  ['in mixed bases', '0xa9.254.0251.0xfe.', LINK_LOCAL],
  ['link-local by IPv6', 'fe80::1', LINK_LOCAL],
  ['the far end of that range', 'febf:ffff::1', LINK_LOCAL],
  ['in brackets', '[fe80::1]', LINK_LOCAL],
  ['with an interface', 'fe80::1%eth0', /bound to one network interface/],
  ['mapped', '::ffff:169.254.169.254', LINK_LOCAL],
  ['mapped, in hexadecimal', '::FFFF:A9FE:A9FE', LINK_LOCAL],
  ['mapped, written out', '0:0:0:0:0:ffff:a9fe:a9fe', LINK_LOCAL],
  ['compatible', '::169.254.169.254', LINK_LOCAL],
  ['translated', '::ffff:0:169.254.169.254', LINK_LOCAL],
  ['through NAT64', '64:ff9b::a9fe:a9fe', LINK_LOCAL],
  ['through a NAT64 of its own', '64:ff9b:1::a9fe:a9fe', LINK_LOCAL],
  ['6to4', '2002:a9fe:a9fe::1', LINK_LOCAL],
  ['metadata of Amazon by IPv6', 'fd00:ec2::254', METADATA],
  ['the same, written out', 'FD00:0EC2:0000:0:0:0:0:0254', METADATA],
  ['metadata of Google by IPv6', 'fd20:ce::254', METADATA],
  ['of Azure', '168.63.129.16', METADATA],
  ['of Azure, mapped', '::ffff:a83f:8110', METADATA],
  ['of Oracle', '192.0.0.192', METADATA],
  ['nothing', '', /empty/],
  ['zero', '0', /unspecified/],
  ['unspecified by IPv6', '::', /unspecified/],
  ['many machines', '224.0.0.1', /no address of one machine/],
  ['full-width digits', '１６９.254.169.254', NONE],
  ['ideographic stops', '169。254。169。254', NONE],
  ['percent signs', '%31%36%39.254.169.254', NONE],
  ['a zero byte', '169.254.169.254\0.example.com', NONE],
  ['a name with a user', 'user@example.com', NONE],
  ['a name with a port', 'example.com:80', NONE],
]
for (const [name, address, why] of refused) {
  test(`addresses that are refused: ${name}`, () => {
    const checked = checkAddress(address)
    assert.match('refused' in checked ? checked.refused : `taken as ${checked.host}`, why)
  })
}

const taken: readonly (readonly [string, string])[] = [
  ['10.0.0.1', '10.0.0.1'],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
  ['169.253.255.255', '169.253.255.255'],
  ['169.255.0.0', '169.255.0.0'],
  ['Web_1.Example.com.', 'web_1.example.com'],
]
for (const [address, host] of taken) {
  test(`addresses that are taken: ${address}`, () => assert.deepEqual(checkAddress(address), { host }))
}

test('what a name stands for is checked with its interface, too', () => {
  assert.match(refusedIp('fe80::1%eth0') ?? '', LINK_LOCAL)
  assert.equal(refusedIp('10.0.0.1'), undefined)
})
