import type { Origin, Problem } from '../../config/problem.ts'

/** What became of something that could not simply be written anew. */
export function note(origin: Origin, message: string, remedy?: string): Problem {
  return {
    code: 'E108',
    severity: 'warning',
    message,
    origin,
    ...(remedy === undefined ? {} : { remedy }),
  }
}

/** What is said of whole sections of Traefik that mean nothing here, by the first words of their path in lower case. */
const WITHOUT_COUNTERPART: readonly (readonly [path: RegExp, remedy: string])[] = [
  [
    /^(?:providers\.)?(?:docker|swarm|kubernetes\w*|marathon|mesos|rancher|eureka|servicefabric|boltdb|dynamodb)\b/i,
    'services are found in Consul, ECS, EC2, Nomad, key stores and files; see docs/reference/providers.md',
  ],
  [/^(?:providers\.)?rest\b/i, 'write the routes into a file of the provider `file`'],
  [/^retry\b/i, 'failed requests are sent again where that is safe, without any option'],
  [
    /^healthcheck\b/i,
    'each service has a `healthCheck` of its own; endpoints that fail are taken out anyway',
  ],
  [/^tracing\b/i, 'write it as in version 3 (OpenTelemetry)'],
  [/^pilot\b/i, 'remove it'],
  [/preferServerCipherSuites$/i, 'remove it: it has had no effect for years'],
  [/passTLS(?:Client)?Cert\b/i, 'certificates of clients are not passed on yet'],
  [/forceSlash$/i, 'remove it: the path always begins with a slash'],
  [/featurePolicy$/i, 'write `permissionsPolicy`'],
  [/sslHost|sslForceHost|sslProxyHeaders/i, 'use the middleware `redirectRegex`'],
]

export function withoutCounterpart(path: string, origin: Origin): Problem {
  const [, remedy] = WITHOUT_COUNTERPART.find(([known]) => known.test(path)) ?? []
  return note(origin, `\`${path}\` has no counterpart and is left out`, remedy)
}
