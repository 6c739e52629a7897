import type { Problem } from '../../src/config/problem.ts'

/** TLS options that plain HTTP leaves without effect; `remedy` says how the agent is reached by HTTPS. */
export function unusedTls(
  { tls }: { readonly tls?: object | undefined },
  { secure }: { readonly secure: boolean },
  source: string,
  remedy: string,
): Problem[] {
  if (secure || tls === undefined) return []
  return [
    {
      code: 'E106',
      severity: 'warning',
      message: 'endpoint.tls has no effect, since the agent is reached by plain HTTP',
      remedy,
      origin: { source, key: 'endpoint.tls' },
    },
  ]
}
