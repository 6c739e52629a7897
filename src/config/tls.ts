import type { Fields } from './fields.ts'

/** `tls` of a router or an entry point: that it is there is what matters. */
export function routerTls(field: Fields) {
  return field
    .section('Takes TLS connections, and those alone.', {
      options: field.pending('TLS options'),
      certResolver: field.pending('certificates by ACME'),
      domains: field.pending('certificates by ACME'),
    })
    .optional()
}

/** A certificate with its key. */
export const certificatePair = (field: Fields) => ({
  certFile: field.file(
    'The certificate and its chain, leaf first: the path of a PEM file, or the text itself.',
  ),
  keyFile: field.file('Its private key: the path of a PEM file, or the text itself.'),
})

/** One entry of `tls.certificates`. */
export const certificateOptions = (field: Fields) => ({
  ...certificatePair(field),
  stores: field
    .list('Stores that it is put into; none named: `default`, the only one in use.', field.string('Name.'))
    .default([]),
})

/** One entry of `tls.stores`. */
export const storeOptions = (field: Fields) => ({
  defaultCertificate: field
    .section(
      'For clients that name no server, or one without a certificate of its own.',
      certificatePair(field),
    )
    .optional(),
  defaultGeneratedCert: field.pending('certificates by ACME'),
})

/** The keys under `tls` at the top of the dynamic configuration. */
export const TLS_SECTIONS = ['certificates', 'stores', 'options'] as const
