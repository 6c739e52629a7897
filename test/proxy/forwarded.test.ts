import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ForwardedOptions } from '../../src/proxy/forwarded-headers.ts'
import { engineBefore, ownFields } from '../support/engine.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

const SPOOFED = [
  'X-Forwarded-For: 6.6.6.6',
  'X-Forwarded-Host: evil',
  'X-Forwarded-Port: 666',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Server: evil',
  'X-Forwarded-Scheme: https',
  'X-Forwarded-Uri: /evil',
  'X-Forwarded-Method: DELETE',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Tls-Client-Cert: evil',
  'X-Forwarded-Tls-Client-Cert-Info: evil',
  'X-Scheme: https',
  'X-Real-Ip: 6.6.6.6',
  'Forwarded: for=6.6.6.6',
]
const LOOK_ALIKES = [
  ...SPOOFED.map((line) => line.replace(/^[^:]+/, (name) => name.replaceAll('-', '_'))).filter((line) =>
    line.includes('_'),
  ),
  'X_Forwarded-For: 6.6.6.6',
  'x-forwarded_for: 6.6.6.6',
  'X-REAL_IP: 6.6.6.6',
  'Content_Length: 3',
  'CONTENT_LENGTH: 3',
  'Transfer_Encoding: chunked',
  'Keep_Alive: 1',
  'Proxy_Connection: 1',
]

async function forwardedBy(sent: readonly string[], forwarded: Partial<ForwardedOptions>): Promise<string> {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { forwarded })
  const { text } = await engine.sendToEnd(
    `GET / HTTP/1.1\r\nHost: a\r\n${sent.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`,
  )
  assert.match(text, /^HTTP\/1\.1 200 /)
  return upstream.text.slice('GET / HTTP/1.1\r\nHost: a\r\n'.length, -2)
}

for (const line of [...SPOOFED, ...LOOK_ALIKES]) {
  test(`nobody is believed: ${line}`, async () => {
    assert.equal(await forwardedBy([line], {}), ownFields('a'))
  })
}

test('nobody is believed: all at once, and twice, with what is nobody’s business in between', async () => {
  const sent = [...SPOOFED, 'X-Mine: 1', ...LOOK_ALIKES, 'my_own: 2', ...SPOOFED]
  assert.equal(await forwardedBy(sent, {}), `X-Mine: 1\r\nmy_own: 2\r\n${ownFields('a')}`)
})

const CHAINED = 'X-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n'
/** Of a believed client, what it says is kept and what it does not say is added. */
const BELIEVED: readonly (readonly [name: string, sent: readonly string[], forwarded: string])[] = [
  ['nothing said', [], ownFields('a')],
  [
    'an address',
    ['X-Forwarded-For: 6.6.6.6'],
    `${CHAINED}${ownFields('a').replace('X-Forwarded-For: 127.0.0.1\r\n', '')}`,
  ],
  [
    'addresses in two fields',
    ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 7.7.7.7'],
    `X-Forwarded-For: 6.6.6.6, 7.7.7.7, 127.0.0.1\r\n${ownFields('a').replace('X-Forwarded-For: 127.0.0.1\r\n', '')}`,
  ],
  [
    'all of it',
    [
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-Host: b',
      'X-Forwarded-Port: 443',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Server: front',
      'X-Real-Ip: 6.6.6.6',
    ],
    `${CHAINED}X-Forwarded-Host: b\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Server: edge\r\nX-Real-Ip: 6.6.6.6\r\n`,
  ],
  [
    'the protocol alone',
    ['X-Forwarded-Proto: https'],
    `X-Forwarded-Proto: https\r\n${ownFields('a', '443').replace('X-Forwarded-Proto: http\r\n', '')}`,
  ],
  [
    'other fields of the family',
    ['X-Forwarded-Prefix: /x', 'Forwarded: for=6.6.6.6'],
    `X-Forwarded-Prefix: /x\r\nForwarded: for=6.6.6.6\r\n${ownFields('a')}`,
  ],
  ['look-alikes, which are nobody’s to set', LOOK_ALIKES, ownFields('a')],
]
const TRUST: readonly (readonly [name: string, options: Partial<ForwardedOptions>])[] = [
  ['insecure', { insecure: true }],
  ['a trusted address', { trustedIPs: ['127.0.0.1'] }],
  ['a trusted range', { trustedIPs: ['10.0.0.0/8', '127.0.0.0/8', '::1'] }],
]
for (const [trust, options] of TRUST) {
  for (const [name, sent, forwarded] of BELIEVED) {
    test(`believed (${trust}): ${name}`, async () =>
      assert.equal(await forwardedBy(sent, options), forwarded))
  }
}

test('others than the trusted are not believed', async () => {
  assert.equal(await forwardedBy(SPOOFED, { trustedIPs: ['10.0.0.0/8', '127.0.0.2', '::1'] }), ownFields('a'))
})

test('notAppendXForwardedFor leaves the list as a believed proxy sent it', async () => {
  const forwarded = await forwardedBy(['X-Forwarded-For: 6.6.6.6'], {
    insecure: true,
    notAppendXForwardedFor: true,
  })
  assert.match(forwarded, /^X-Forwarded-For: 6\.6\.6\.6\r\n/)
})

test('addXForwardedSchemeHeaders says the protocol in two more ways', async () => {
  const forwarded = await forwardedBy(SPOOFED, { addXForwardedSchemeHeaders: true })
  assert.equal(forwarded, `${ownFields('a')}X-Forwarded-Scheme: http\r\nX-Scheme: http\r\n`)
})

test('underscores: delete takes every name with one away', async () => {
  assert.equal(
    await forwardedBy(['my_own: 1', 'X: 2', 'a_b: 3'], { underscores: 'delete' }),
    `X: 2\r\n${ownFields('a')}`,
  )
})

test('underscores: reject refuses the request, and the connection goes on', async () => {
  await using upstream = await RawUpstream.start()
  await using engine = await engineBefore([upstream], { forwarded: { underscores: 'reject' } })
  await using client = await engine.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\nmy_own: 1\r\n\r\n')
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 400 .*Tidegate-Why: BR/s)
  assert.equal(upstream.connections.length, 0)
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 200 /)
})
