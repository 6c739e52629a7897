import { readFile } from 'node:fs/promises'
import type { Fields } from '../../src/config/fields.ts'
import { ConfigurationError } from '../../src/config/problem.ts'

export interface TlsOptions {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly insecureSkipVerify: boolean
}

/** What `node:tls` takes: PEM in place of files. */
export interface TlsSettings {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized?: boolean
}

/** The section `tls` of a provider that speaks to a server; `what` names that server. */
export const tlsShape = (field: Fields, what: string) => ({
  ca: field
    .file(`Certificates that sign ${what}'s: a file, or PEM itself. Default: the system's.`)
    .optional(),
  cert: field.file(`Certificate that is shown to ${what}: a file, or PEM itself.`).optional(),
  key: field.secret('Key of that certificate: a file, or PEM itself.').optional(),
  insecureSkipVerify: field.boolean('Accepts any certificate.').default(false),
})

/** The option `tls` of a store that may have several endpoints. */
export const tlsOption = (field: Fields) =>
  field.section('TLS to the endpoints.', tlsShape(field, 'the endpoints')).optional()

/** `readTls` for that option. */
export async function readTlsFiles(tls: TlsOptions, source: string): Promise<TlsSettings> {
  return await readTls(tls, 'tls', source)
}

/**
 * Reads the files. `place` is the section's key, such as `endpoint.tls`.
 * @throws ConfigurationError when a file cannot be read
 */
export async function readTls(
  tls: TlsOptions | undefined,
  place: string,
  source: string,
): Promise<TlsSettings> {
  if (!tls) return {}
  const { ca, cert, key, insecureSkipVerify } = tls
  return {
    ...(ca === undefined ? {} : { ca: await pem(ca, `${place}.ca`, source) }),
    ...(cert === undefined ? {} : { cert: await pem(cert, `${place}.cert`, source) }),
    ...(key === undefined ? {} : { key: await pem(key, `${place}.key`, source) }),
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
