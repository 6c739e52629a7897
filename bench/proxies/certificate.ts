import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Paths of PEM files. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  /** Certificate and key in one file, as haproxy wants it. */
  readonly both: string
}

/** Makes a certificate for `*.bench.test` and `localhost` with a P-256 key, which is what public certificates mostly have now. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const [certificate, key, both] = ['bench.crt', 'bench.key', 'bench.pem'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  const names = ['-subj', '/CN=bench.test', '-addext', 'subjectAltName=DNS:*.bench.test,DNS:localhost']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  await run('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', certificate])
  await writeFile(both, `${await readFile(certificate, 'utf8')}${await readFile(key, 'utf8')}`, {
    mode: 0o600,
  })
  return { certificate, key, both }
}
