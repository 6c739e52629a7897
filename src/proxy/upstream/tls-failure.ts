/** What a TLS connection failed by, in words for people; undefined when TLS had no part in it. */
export function tlsFailure(error: Error | undefined): string | undefined {
  if (error === undefined) return undefined
  const { code = '', reason } = error as Error & { readonly code?: string; readonly reason?: string }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name'
  // Errors of OpenSSL's library tell their reason apart; their messages hold places in its sources.
  if (code.startsWith('ERR_SSL_')) return `TLS could not be agreed on: ${reason ?? code}`
  return MESSAGES.test(error.message) || CERTIFICATE.test(code) ? error.message : undefined
}

/** Codes of certificates that are not believed: `CERT_HAS_EXPIRED`, `UNABLE_TO_VERIFY_LEAF_SIGNATURE` … */
const CERTIFICATE = /CERT|ISSUER|SIGNATURE|CRL|PURPOSE|CA$/
const MESSAGES = /^the certificate bears none/
