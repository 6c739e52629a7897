import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { CertificatePlan } from '../plan.ts'
import type { PemPair } from './self-signed.ts'

/** A certificate that may be served. */
export interface Certificate {
  /** Tells one pair from another; says nothing about the key. */
  readonly id: string
  readonly plan: CertificatePlan
  /** Milliseconds since the epoch. */
  readonly validFrom: number
  readonly validTo: number
}

/**
 * Checks that a chain and a key belong together and can be served.
 * @throws Error with what is wrong, in words that hold nothing of the key
 */
export function readCertificate({ chain, key }: PemPair): Certificate {
  const leaf = readLeaf(chain)
  if (!leaf.checkPrivateKey(readKey(key))) throw new Error('the key is not the one of the certificate')
  proveServable(chain, key)
  const validTo = Date.parse(leaf.validTo)
  return {
    id: createHash('sha256').update(leaf.raw).update(chain).digest('base64url'),
    plan: { names: namesOf(leaf), chain, key, validTo },
    validFrom: Date.parse(leaf.validFrom),
    validTo,
  }
}

function readLeaf(chain: string): X509Certificate {
  try {
    return new X509Certificate(chain)
  } catch {
    const what = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(chain)
      ? 'holds a key'
      : 'holds no certificate in PEM form'
    throw new Error(`\`certFile\` ${what}`)
  }
}

function readKey(key: string): ReturnType<typeof createPrivateKey> {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key))
    throw new Error('the key is protected by a passphrase')
  try {
    return createPrivateKey(key)
  } catch {
    throw new Error('`keyFile` holds no private key in PEM form')
  }
}

/** What OpenSSL refuses at the first handshake (a key that is too short, a broken chain) it refuses here. */
function proveServable(chain: string, key: string): void {
  try {
    createSecureContext({ cert: chain, key })
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'it is not accepted'
    throw new Error(`the certificate cannot be served: ${reason}`, { cause: error })
  }
}

/** Host names in lower case, wildcards included. Without a subject alternative name the common name counts, as in Traefik. */
function namesOf(leaf: X509Certificate): readonly string[] {
  const names = (leaf.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => /^DNS:([^"]+)$/.exec(entry)?.[1] ?? [])
  const common =
    leaf.subject?.split('\n').flatMap((line) => /^CN=([A-Za-z0-9.*-]+)$/.exec(line)?.[1] ?? []) ?? []
  return [
    ...new Set((names.length > 0 ? names : common).map((name) => name.toLowerCase().replace(/\.$/, ''))),
  ]
}
