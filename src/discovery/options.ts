import type { Fields, OptionsOf } from '../config/fields.ts'

/** The options that all sources of tagged instances share. */
export const tagSourceOptions = (field: Fields) => ({
  exposedByDefault: field.boolean('Serves instances that do not say `enable`.').default(true),
  constraints: field
    .string('Which instances are served, such as ``Tag(`blue`) && !TagRegex(`^v0`)``.')
    .default(''),
  prefix: field
    .list(
      'Prefixes of the tags that are read; of two that say the same, the first wins.',
      field.string('Without the dot.'),
    )
    .default(['tidegate', 'traefik']),
  domain: field
    .string("Domain of the default host rules `app[-tag][.env].domain`; empty: Traefik's default rule.")
    .default(''),
  environment: field.string('The `env` part of default host rules.').default(''),
  tagPattern: field
    .string('Regular expression of the plain tags that tell versions of one application apart.')
    .default('^v[0-9][A-Za-z0-9._-]*$'),
  defaultRule: field.string('Template of the rule of routers that have none.').optional(),
  allowedHosts: field
    .list(
      'Hosts that instances may claim, `*.example.com` included; empty: all.',
      field.string('Host or wildcard.'),
    )
    .default([]),
  allowedEntryPoints: field
    .list('Entry points that instances may claim; empty: all.', field.string('Name of an entry point.'))
    .default([]),
  allowedMiddlewares: field
    .list(
      'Kinds of middleware that instances may define, and full names that they may refer to; empty: all.',
      field.string('Such as `stripPrefix` or `auth@file`.'),
    )
    .default([]),
  allowedServersTransports: field
    .list(
      'Servers transports that instances may refer to; empty: all.',
      field.string('Full name, such as `mutual@file`.'),
    )
    .default([]),
})
export type TagSourceOptions = OptionsOf<ReturnType<typeof tagSourceOptions>>
