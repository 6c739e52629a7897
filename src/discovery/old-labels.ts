/**
 * Labels of Traefik v1 and what says the same today, longest first where one starts another. `<service>`,
 * `<router>` and `<middleware>` stand for names of the user's choice.
 */
const TODAY: readonly (readonly [old: string, today: string])[] = [
  ['port', 'http.services.<service>.loadbalancer.server.port'],
  ['protocol', 'http.services.<service>.loadbalancer.server.scheme'],
  ['weight', 'http.services.<service>.loadbalancer.server.weight'],
  ['frontend.rule', 'http.routers.<router>.rule'],
  ['frontend.priority', 'http.routers.<router>.priority'],
  ['frontend.entrypoints', 'http.routers.<router>.entrypoints'],
  ['frontend.passhostheader', 'http.services.<service>.loadbalancer.passhostheader'],
  ['frontend.passtlsclientcert', 'http.middlewares.<middleware>.passtlsclientcert'],
  ['frontend.passtlscert', 'http.middlewares.<middleware>.passtlsclientcert.pem'],
  ['frontend.auth.digest', 'http.middlewares.<middleware>.digestauth.users'],
  ['frontend.auth.forward', 'http.middlewares.<middleware>.forwardauth.address'],
  ['frontend.auth', 'http.middlewares.<middleware>.basicauth.users'],
  ['frontend.whitelist', 'http.middlewares.<middleware>.ipallowlist.sourcerange'],
  ['frontend.whitelistsourcerange', 'http.middlewares.<middleware>.ipallowlist.sourcerange'],
  ['frontend.redirect.entrypoint', 'http.middlewares.<middleware>.redirectscheme.scheme'],
  ['frontend.redirect', 'http.middlewares.<middleware>.redirectregex.regex'],
  ['frontend.headers', 'http.middlewares.<middleware>.headers'],
  ['frontend.errors', 'http.middlewares.<middleware>.errors'],
  ['frontend.ratelimit', 'http.middlewares.<middleware>.ratelimit'],
  ['frontend', 'http.routers.<router>'],
  ['backend.loadbalancer.method', 'http.services.<service>.loadbalancer.strategy'],
  ['backend.loadbalancer', 'http.services.<service>.loadbalancer.sticky.cookie'],
  ['backend.healthcheck', 'http.services.<service>.loadbalancer.healthcheck'],
  ['backend.circuitbreaker', 'http.middlewares.<middleware>.circuitbreaker.expression'],
  ['backend.maxconn', 'http.middlewares.<middleware>.inflightreq.amount'],
  ['backend.buffering', 'http.middlewares.<middleware>.buffering'],
  ['backend.responseforwarding', 'http.services.<service>.loadbalancer.responseforwarding'],
  ['backend', 'http.routers.<router>.service'],
]

/** Words that stand below the name of a segment, as in `traefik.web.port`. */
const SEGMENT_WORDS = new Set(['port', 'protocol', 'weight', 'frontend', 'backend'])

/** Traefik v1's words of one part that are still read, since they mean the same as Tidegate's own. */
export const STILL_READ: ReadonlySet<string> = new Set(['port', 'weight'])

/** A label of Traefik v1, and what says the same today. */
export interface OldForm {
  /** Without the name of the segment. */
  readonly key: string
  /** Empty for a label of the whole container. */
  readonly segment: string
  readonly today: string
}

/**
 * What a label of Traefik v1 says today, or undefined when the label is none. `path` is what follows the prefix, in
 * lower case; with `segments`, labels below a segment's name count as well.
 */
export function oldFormOf(path: readonly string[], segments: boolean): OldForm | undefined {
  const key = path.join('.')
  const today = lookUp(key)
  if (today !== undefined) return { key, segment: '', today }
  if (!segments || path.length < 2 || !SEGMENT_WORDS.has(path[1]!)) return undefined
  const inSegment = path.slice(1).join('.')
  const found = lookUp(inSegment)
  return found === undefined ? undefined : { key: inSegment, segment: path[0]!, today: found }
}

function lookUp(key: string): string | undefined {
  return TODAY.find(([old]) => key === old || key.startsWith(`${old}.`))?.[1]
}
