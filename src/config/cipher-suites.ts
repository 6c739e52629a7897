import { getCiphers } from 'node:tls'

const CIPHERS: ReadonlySet<string> = new Set(getCiphers())
/** Where none of TLS 1.3 is named, all of them stay, as in Go: they are all safe. */
const OF_TLS_13 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']

/** A cipher suite by its registered name as OpenSSL calls it; undefined when it is not known here. */
export function cipherOf(suite: string): string | undefined {
  const name = suite.trim().toUpperCase()
  const own = name.startsWith('TLS_') && name.includes('_WITH_') ? openSslName(name) : name
  return CIPHERS.has(own.toLowerCase()) ? own : undefined
}

/** For a secure context; empty: the default ones. */
export function cipherList(ciphers: readonly string[]): string {
  if (ciphers.length === 0) return ''
  return [...ciphers, ...(ciphers.some((one) => one.startsWith('TLS_')) ? [] : OF_TLS_13)].join(':')
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256`; `TLS_RSA_…` goes without its key exchange. */
function openSslName(name: string): string {
  return name
    .replace(/^TLS_/, '')
    .replace(/^RSA_WITH_/, '')
    .replace('_WITH_', '_')
    .replace(/(AES)_(128|256)/, '$1$2')
    .replace('CHACHA20_POLY1305_SHA256', 'CHACHA20_POLY1305')
    .replace('3DES_EDE_CBC', 'DES_CBC3')
    .replace(/_CBC(?=_SHA)/, '')
    .replaceAll('_', '-')
}
