import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import {
  bitString,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
  time,
  TRUE,
  utf8String,
} from './der.ts'

export interface PemPair {
  readonly chain: string
  readonly key: string
}

const DAY_MS = 24 * 60 * 60 * 1_000
/** Nobody trusts it, so its age protects nobody; a process must not outlive it. */
const VALID_DAYS = 3_650

/** ecdsa-with-SHA256 (RFC 5758 §3.2). */
const SIGNATURE = sequence(objectIdentifier('1.2.840.10045.4.3.2'))

/**
 * A certificate that vouches for itself (RFC 5280), with a new P-256 key. `commonName` is shown to people, `dnsNames`
 * are what it is for; `now` in milliseconds since the epoch.
 */
export function selfSigned(
  commonName: string,
  dnsNames: readonly string[],
  now: number,
  days = VALID_DAYS,
): PemPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))))
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    SIGNATURE,
    name,
    sequence(time(new Date(now - DAY_MS)), time(new Date(now + days * DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, extensions(dnsNames, publicKey)),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  return {
    chain: pem('CERTIFICATE', sequence(toBeSigned, SIGNATURE, bitString(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

/** RFC 5280 §4.2.1: key identifier, key usage (digitalSignature), no CA, server authentication, name. */
function extensions(dnsNames: readonly string[], publicKey: KeyObject): Buffer {
  const names = dnsNames.map((name) => tagged(0x82, Buffer.from(name, 'latin1')))
  const identifier = createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
  return sequence(
    extension('2.5.29.14', false, octetString(identifier)),
    extension('2.5.29.15', true, tagged(3, Buffer.from([7, 0x80]))),
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, sequence(...names)),
  )
}

function extension(identifier: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(identifier), ...(critical ? [TRUE] : []), octetString(value))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
