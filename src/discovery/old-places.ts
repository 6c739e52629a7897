/** Where a value of today stands: below the router or the service, or below a middleware of this kind. */
export type Place =
  | readonly [of: 'router' | 'service', ...path: string[]]
  | readonly [of: 'middleware', kind: string, ...path: string[]]

const SERVER = ['service', 'loadBalancer', 'server'] as const
const HEALTH = ['service', 'loadBalancer', 'healthCheck'] as const
const STICKY = ['service', 'loadBalancer', 'sticky', 'cookie'] as const

/** Labels whose values are the same today. Who may come in must never be forgotten: kinds that are not built yet count too. */
export const PLACES: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['port', [...SERVER, 'port']],
  ['protocol', [...SERVER, 'scheme']],
  ['weight', [...SERVER, 'weight']],
  ['frontend.priority', ['router', 'priority']],
  ['frontend.entrypoints', ['router', 'entryPoints']],
  ['frontend.passhostheader', ['service', 'loadBalancer', 'passHostHeader']],
  ['frontend.whitelist.sourcerange', ['middleware', 'ipAllowList', 'sourceRange']],
  ['frontend.whitelistsourcerange', ['middleware', 'ipAllowList', 'sourceRange']],
  ['frontend.auth.basic', ['middleware', 'basicAuth', 'users']],
  ['frontend.auth.basic.users', ['middleware', 'basicAuth', 'users']],
  ['frontend.auth.basic.usersfile', ['middleware', 'basicAuth', 'usersFile']],
  ['frontend.auth.basic.removeheader', ['middleware', 'basicAuth', 'removeHeader']],
  ['frontend.auth.digest', ['middleware', 'digestAuth', 'users']],
  ['frontend.auth.digest.users', ['middleware', 'digestAuth', 'users']],
  ['frontend.auth.digest.usersfile', ['middleware', 'digestAuth', 'usersFile']],
  ['frontend.auth.forward.address', ['middleware', 'forwardAuth', 'address']],
  ['frontend.redirect.regex', ['middleware', 'redirectRegex', 'regex']],
  ['frontend.redirect.replacement', ['middleware', 'redirectRegex', 'replacement']],
  ['backend.circuitbreaker', ['middleware', 'circuitBreaker', 'expression']],
  ['backend.circuitbreaker.expression', ['middleware', 'circuitBreaker', 'expression']],
  ['backend.maxconn.amount', ['middleware', 'inFlightReq', 'amount']],
  ['backend.loadbalancer.sticky', STICKY],
  ['backend.loadbalancer.stickiness', STICKY],
  ['backend.loadbalancer.stickiness.cookiename', [...STICKY, 'name']],
  ['backend.healthcheck.path', [...HEALTH, 'path']],
  ['backend.healthcheck.interval', [...HEALTH, 'interval']],
  ['backend.healthcheck.timeout', [...HEALTH, 'timeout']],
  ['backend.healthcheck.port', [...HEALTH, 'port']],
  ['backend.healthcheck.scheme', [...HEALTH, 'scheme']],
  ['backend.healthcheck.hostname', [...HEALTH, 'hostname']],
])

/** Kinds of middleware in the order in which Traefik v1 had them work. */
export const KINDS: readonly string[] = [
  'ipAllowList',
  'redirectScheme',
  'redirectRegex',
  'basicAuth',
  'digestAuth',
  'forwardAuth',
  'headers',
  'circuitBreaker',
  'inFlightReq',
]
