import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

/** The version in `package.json`, wherever the program lies. */
export function ownVersion(): string {
  const path = findPackageJSON('..', import.meta.url)
  if (path === undefined) return 'unknown'
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
