/** The kinds of resources that can be defined, as the sections under `http` name them. */
export const KINDS = ['routers', 'services', 'middlewares', 'serversTransports'] as const
export type Kind = (typeof KINDS)[number]

const WORDS = {
  routers: 'router',
  services: 'service',
  middlewares: 'middleware',
  serversTransports: 'servers transport',
} as const satisfies Record<Kind, string>

/** `router web@file`: how problems name what they are about. */
export function resourceName(kind: Kind, name: string): string {
  return `${WORDS[kind]} ${name}`
}

/** `web` as a resource of the provider `file` writes it is `web@file`; what names a provider already stays. */
export function fullName(reference: string, provider: string): string {
  return reference.includes('@') ? reference : `${reference}@${provider}`
}

/**
 * Services that the program answers itself. They are in no configuration and no plan: the data plane knows them by
 * their names.
 */
export const INTERNAL_SERVICES: ReadonlyMap<string, string> = new Map([
  ['ping@internal', 'answers 200 while requests are taken, and 503 while the process drains'],
  [
    'prometheus@internal',
    'answers what is counted, in the text format of Prometheus, where `metrics.prometheus` is on',
  ],
  ['noop@internal', 'nothing; for routers whose middlewares answer every request'],
])
