import { isIP } from 'node:net'
import { checkServerIdentity, createSecureContext } from 'node:tls'
import type { ConnectionOptions, PeerCertificate, SecureContext } from 'node:tls'
import type { TransportPlan, UpstreamTlsPlan } from '../../server/plan.ts'
import { hasName } from './peer-names.ts'

/** How endpoints are connected to. */
export interface Transport extends Omit<TransportPlan, 'tls'> {
  readonly tls: UpstreamTls
}

/**
 * Traefik's defaults, but for `dialTimeout` (30 s there): a black hole must not hold a request for long; and for
 * `maxIdleConnections` (200 there): beyond it connections are opened and closed all the time (measured at 256 clients).
 */
const DEFAULTS: TransportPlan = {
  dialTimeout: 3_000,
  responseHeaderTimeout: 0,
  idleTimeout: 90_000,
  maxIdleConnections: 1_000,
  tls: { verify: true, certificates: [], ciphers: '', peerNames: [] },
}

export function compileTransport({ tls, ...plan }: TransportPlan): Transport {
  // Here 0 would mean that no connection waits at all.
  return { ...plan, idleTimeout: plan.idleTimeout || Number.POSITIVE_INFINITY, tls: new UpstreamTls(tls) }
}

/** What TLS connections to endpoints are opened with. */
export class UpstreamTls {
  readonly #plan: UpstreamTlsPlan
  /** Made when it is first needed, once for all connections: to read the system's authorities takes milliseconds. */
  #context: SecureContext | undefined

  constructor(plan: UpstreamTlsPlan) {
    this.#plan = plan
  }

  /** `host`: name or address of the endpoint, as its URL says. */
  optionsFor(host: string): ConnectionOptions {
    const { serverName: name = host, verify, peerNames } = this.#plan
    this.#context ??= createSecureContext(contextOptions(this.#plan))
    return {
      secureContext: this.#context,
      ALPNProtocols: ['http/1.1'],
      // An address is no server name (RFC 6066 §3), but the certificate is verified against it all the same.
      servername: isIP(name) ? '' : name,
      rejectUnauthorized: verify || peerNames.length > 0,
      checkServerIdentity: (_host, certificate) => this.#check(name, certificate),
    }
  }

  #check(name: string, certificate: PeerCertificate): Error | undefined {
    const { verify, peerNames } = this.#plan
    const wrongHost = verify ? checkServerIdentity(name, certificate) : undefined
    if (wrongHost || peerNames.length === 0 || hasName(certificate.subjectaltname, peerNames))
      return wrongHost
    return new Error('the certificate bears none of the names in `peerCertSANs`')
  }
}

export const DEFAULT_TRANSPORT = compileTransport(DEFAULTS)

/** In the place of one that is not known: its endpoints may be meant for certain eyes only. */
export const TRUSTING_NOBODY = compileTransport({ ...DEFAULTS, tls: { ...DEFAULTS.tls, authorities: [] } })

/**
 * Tries what connections will be opened with.
 * @throws Error of OpenSSL when it does not accept it
 */
export function proveUsable(plan: UpstreamTlsPlan): void {
  createSecureContext(contextOptions(plan))
}

function contextOptions({ authorities, certificates, ciphers, minVersion, maxVersion }: UpstreamTlsPlan) {
  return {
    ...(authorities && { ca: [...authorities] }),
    cert: certificates.map(({ chain }) => chain),
    key: certificates.map(({ key }) => key),
    ...(ciphers !== '' && { ciphers }),
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion }),
  }
}
