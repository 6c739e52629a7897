import type { CertificatePlan, TlsPlan } from '../../server/plan.ts'

/** Which certificate is for which host name. Of several for one name, the one that is valid for longest serves. */
export class ServerNames {
  readonly #byName = new Map<string, readonly [id: string, certificate: CertificatePlan]>()

  constructor(certificates: TlsPlan['certificates']) {
    for (const [id, certificate] of certificates) {
      for (const name of certificate.names) {
        const known = this.#byName.get(name)
        if (!known || known[1].validTo < certificate.validTo) this.#byName.set(name, [id, certificate])
      }
    }
  }

  /** The id for a name as a client sent it: exactly so first, then by a wildcard for its first label. */
  find(sent: string): string | undefined {
    const name = sent.toLowerCase().replace(/\.$/, '')
    const exact = this.#byName.get(name)
    if (exact) return exact[0]
    const dot = name.indexOf('.')
    return dot <= 0 ? undefined : this.#byName.get(`*${name.slice(dot)}`)?.[0]
  }
}
