import { X509Certificate } from 'node:crypto'
import type { Family, Sample } from '../../telemetry/metrics/family.ts'
import type { CertificatePlan, TlsPlan } from '../plan.ts'

/** Read once for each certificate. */
const samples = new WeakMap<CertificatePlan, Sample>()

/** When the certificates expire that TLS is served with. */
export function certificateFamily(tls: TlsPlan | undefined): Family {
  const certificates = [...(tls?.certificates.values() ?? [])]
  return {
    name: 'tls_certs_not_after',
    samples: certificates.map((one) => samples.getOrInsertComputed(one, sampleOf)),
  }
}

function sampleOf({ chain, names, validTo }: CertificatePlan): Sample {
  const leaf = new X509Certificate(chain)
  const cn = /^CN=(.*)$/m.exec(leaf.subject ?? '')?.[1] ?? ''
  return {
    labels: [cn, BigInt(`0x${leaf.serialNumber}`).toString(), names.join(',')],
    value: validTo / 1_000,
  }
}
