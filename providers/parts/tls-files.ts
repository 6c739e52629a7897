import { readFile } from 'node:fs/promises'
import type { Fields } from '../../src/config/fields.ts'
import { ConfigurationError } from '../../src/config/problem.ts'

/** The option `tls` of providers that speak to a server of their own. */
export const tlsOption = (field: Fields) =>
  field
    .section('TLS to the endpoints.', {
      ca: field
        .file("Certificates that sign the endpoints': a file, or PEM itself. Default: the system's.")
        .optional(),
      cert: field.file('Certificate that is shown to the endpoints: a file, or PEM itself.').optional(),
      key: field.secret('Key of that certificate: a file, or PEM itself.').optional(),
      insecureSkipVerify: field.boolean('Accepts any certificate.').default(false),
    })
    .optional()

export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly insecureSkipVerify: boolean
}

/** As Node's TLS takes it. */
export interface TlsSettings {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized: boolean
}

/**
 * Reads the files that the option names.
 * @throws ConfigurationError when one cannot be read
 */
export async function readTlsFiles(tls: TlsFiles, source: string): Promise<TlsSettings> {
  const { ca, cert, key, insecureSkipVerify } = tls
  return {
    ...(ca === undefined ? {} : { ca: await pem(ca, 'tls.ca', source) }),
    ...(cert === undefined ? {} : { cert: await pem(cert, 'tls.cert', source) }),
    ...(key === undefined ? {} : { key: await pem(key, 'tls.key', source) }),
    rejectUnauthorized: !insecureSkipVerify,
  }
}

/** A file's content, or the value itself when that is what was written. */
async function pem(value: string, key: string, source: string): Promise<string> {
  if (value.includes('-----BEGIN ')) return value
  try {
    return await readFile(value, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
    const message = `the file of ${key} cannot be read: ${reason}`
    throw new ConfigurationError([{ code: 'E107', severity: 'error', message, origin: { source, key } }])
  }
}
