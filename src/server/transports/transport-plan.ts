import { X509Certificate } from 'node:crypto'
import { cipherList, cipherOf } from '../../config/cipher-suites.ts'
import type { ServersTransportConfig } from '../../config/servers-transport.ts'
import { proveUsable } from '../../proxy/upstream/transport.ts'
import { readCertificate } from '../certificates/certificate.ts'
import { readText } from '../certificates/pem-files.ts'
import type { TlsVersion, TransportPlan, UpstreamTlsPlan } from '../plan.ts'

/** The files that a servers transport is made of, and texts that stand for them. */
export function filesOf({ rootCAs, certificates }: ServersTransportConfig): string[] {
  return [...rootCAs, ...certificates.flatMap(({ certFile, keyFile }) => [certFile, keyFile])]
}

/**
 * Reads the files of a servers transport.
 * @throws Error that says what is wrong, in words that hold nothing of a key
 */
export async function readTransport(config: ServersTransportConfig): Promise<TransportPlan> {
  const authorities = await Promise.all(config.rootCAs.map(readAuthorities))
  const certificates = await Promise.all(
    config.certificates.map(async ({ certFile, keyFile }) => {
      const [chain, key] = [await readText(certFile, '`certFile`'), await readText(keyFile, '`keyFile`')]
      readCertificate({ chain, key })
      return { chain, key }
    }),
  )
  const plan = planOf(config, {
    certificates,
    ...(authorities.length > 0 && { authorities: authorities.flat() }),
  })
  proveUsable(plan.tls)
  return plan
}

/** While its files have never been good: nobody is trusted, so that nothing is sent to who should not have it. */
export function untrusting(config: ServersTransportConfig): TransportPlan {
  return planOf({ ...config, insecureSkipVerify: false }, { certificates: [], authorities: [] })
}

function planOf(
  config: ServersTransportConfig,
  read: Pick<UpstreamTlsPlan, 'authorities' | 'certificates'>,
): TransportPlan {
  const { forwardingTimeouts, serverName, minVersion, maxVersion, peerCertURI } = config
  const { dialTimeout, responseHeaderTimeout, idleConnTimeout } = forwardingTimeouts
  const uri = peerCertURI === undefined ? [] : [{ type: 'URI' as const, value: peerCertURI }]
  return {
    dialTimeout,
    responseHeaderTimeout,
    idleTimeout: idleConnTimeout,
    maxIdleConnections: config.maxIdleConnsPerHost,
    tls: {
      verify: !config.insecureSkipVerify,
      ...read,
      ciphers: cipherList(config.cipherSuites.map((suite) => cipherOf(suite)!)),
      peerNames: [
        ...config.peerCertSANs.map(({ type, value }) => ({ type: PEER_NAMES[type], value })),
        ...uri,
      ],
      ...(serverName !== undefined && { serverName }),
      ...(minVersion !== undefined && { minVersion: VERSIONS[minVersion] }),
      ...(maxVersion !== undefined && { maxVersion: VERSIONS[maxVersion] }),
    },
  }
}

const PEER_NAMES = { DNSName: 'DNS', URI: 'URI' } as const

const VERSIONS: Readonly<Record<NonNullable<ServersTransportConfig['minVersion']>, TlsVersion>> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
}

/** A file may hold several. Each is read once here: OpenSSL passes over what it does not understand. */
async function readAuthorities(fileOrText: string): Promise<string[]> {
  const text = await readText(fileOrText, '`rootCAs`')
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) throw new Error('`rootCAs` holds no certificate in PEM form')
  for (const one of found) readAuthority(one)
  return found
}

function readAuthority(pem: string): void {
  try {
    new X509Certificate(pem)
  } catch {
    throw new Error('`rootCAs` holds a certificate that cannot be read')
  }
}
