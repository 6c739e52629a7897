import type { Fields, OptionsOf } from './fields.ts'
import { certificatePair } from './tls.ts'

const TLS_VERSIONS = ['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'] as const

/** How endpoints are connected to: one entry of `http.serversTransports`, and the static `serversTransport`. */
export const serversTransportOptions = (field: Fields) => ({
  serverName: field
    .string(
      'The name that is asked for (SNI) and that the certificate must bear; default: the host of the URL.',
    )
    .optional(),
  insecureSkipVerify: field
    .boolean('Believes any certificate. Whoever can answer at the address can then read everything.')
    .default(false),
  rootCAs: field
    .list(
      'Who is trusted to sign certificates; none: whom the system trusts.',
      field.file('The path of a PEM file, or the text itself.'),
    )
    .default([]),
  certificates: field
    .list(
      'What the proxy shows of itself when it is asked for a certificate.',
      field.section('One.', certificatePair(field)),
    )
    .default([]),
  cipherSuites: field
    .list(
      'Of TLS 1.2 and below; none named: those that OpenSSL finds safe.',
      field.string('Such as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.'),
    )
    .default([]),
  minVersion: field.choice('Default: TLS 1.2.', TLS_VERSIONS).optional(),
  maxVersion: field.choice('Default: TLS 1.3.', TLS_VERSIONS).optional(),
  maxIdleConnsPerHost: field
    .integer('Connections to one endpoint that each worker keeps for later requests; 0: none.', {
      min: 0,
      max: 1_000_000,
    })
    .default(1_000),
  peerCertSANs: field
    .list(
      'Names of which the certificate must bear one, besides the host unless `insecureSkipVerify` is set.',
      field.section('One of them.', {
        type: field.choice('Kind of the name.', ['DNSName', 'URI']),
        value: field.string('The name.'),
      }),
    )
    .default([]),
  peerCertURI: field.string('The same as one URI in `peerCertSANs`.').optional(),
  disableHTTP2: field
    .boolean('Kept for compatibility: endpoints are spoken to in HTTP/1.1 in any case.')
    .default(false),
  forwardingTimeouts: field
    .section('How long is waited.', {
      dialTimeout: field
        .duration('For a connection, its TLS handshake included; 0: for ever.')
        .prefault('3s'),
      responseHeaderTimeout: field
        .duration('For the head of an answer, once the request was sent; 0: for ever.')
        .prefault('0s'),
      idleConnTimeout: field
        .duration('For the next request, before a connection is closed; 0: for ever.')
        .prefault('90s'),
      readTimeout: field.pending('a time-out of whole answers'),
      writeTimeout: field.pending('a time-out of whole requests'),
      readIdleTimeout: field.pending('HTTP/2 to endpoints'),
      pingTimeout: field.pending('HTTP/2 to endpoints'),
    })
    .prefault({}),
  spiffe: field.pending('SPIFFE'),
})
export type ServersTransportConfig = OptionsOf<ReturnType<typeof serversTransportOptions>>
