import type { Fields, OptionsOf } from './fields.ts'

export const stickyCookieOptions = (field: Fields) => ({
  name: field
    .string(
      'Default: `_` and five hexadecimal digits, made of the service’s name as in Traefik, so that sessions outlive the change.',
    )
    .optional(),
  secure: field.boolean('Browsers send it over TLS alone.').default(false),
  httpOnly: field.boolean('Scripts do not see it.').default(false),
  sameSite: field
    .choice('Whether requests that other sites cause carry it; empty: as the browser likes.', [
      '',
      'none',
      'lax',
      'strict',
    ])
    .default(''),
  maxAge: field
    .integer('Seconds that browsers keep it; 0: until they are closed; negative: not at all.', {
      max: 2_147_483_647,
    })
    .default(0),
  path: field.string('Paths that it is sent for.').default('/'),
  domain: field.string('Hosts that it is sent to; empty: only the one that was asked.').default(''),
})
export type StickyCookieConfig = OptionsOf<ReturnType<typeof stickyCookieOptions>>

export const stickyOptions = (field: Fields) => ({
  cookie: field.section('The cookie that says where.', stickyCookieOptions(field)).optional(),
})
export type StickyConfig = OptionsOf<ReturnType<typeof stickyOptions>>
