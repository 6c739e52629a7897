import type { Check, CheckStatus } from './answers.ts'

export type Health = CheckStatus | 'maintenance'

/** The worst that the checks say; without any, an instance passes. Maintenance outdoes all. */
export function worstOf(checks: readonly Pick<Check, 'id' | 'status'>[]): Health {
  if (checks.some(({ id }) => isMaintenance(id))) return 'maintenance'
  if (checks.some(({ status }) => status === 'critical')) return 'critical'
  return checks.some(({ status }) => status === 'warning') ? 'warning' : 'passing'
}

/** Consul puts a node or service into maintenance by giving it a critical check of this name. */
function isMaintenance(id: string): boolean {
  return id === '_node_maintenance' || id.startsWith('_service_maintenance:')
}
