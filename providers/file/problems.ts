import type { Problem } from '../../src/config/problem.ts'

/** Something that stands there and cannot be read. */
export function unreadable(path: string, error: unknown): Problem {
  return {
    code: 'E107',
    severity: 'error',
    message: `\`${path}\` cannot be read: ${reasonOf(error)}`,
    origin: { source: path },
    ...remedyFor(error),
  }
}

/** Something that is left aside and costs nothing else. */
export function warning(path: string, message: string, remedy: string): Problem {
  return { code: 'E106', severity: 'warning', message, remedy, origin: { source: path } }
}

const REASONS: Readonly<Record<string, readonly [reason: string, remedy?: string]>> = {
  ENOENT: ['it does not exist', 'create it, or name another one'],
  EACCES: ['permission is denied', 'let the user that this process runs as read it'],
  EPERM: ['permission is denied', 'let the user that this process runs as read it'],
  ELOOP: ['it is a link that leads back to itself', 'remove the link'],
  ENOTDIR: ['a folder on its way is a file'],
  EISDIR: ['it is a folder', 'name it as `directory`'],
  EMFILE: ['too many files are open', 'raise the limit of open files'],
}

function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return REASONS[code]?.[0] ?? (error instanceof Error ? error.message : String(error))
}

function remedyFor(error: unknown): { remedy?: string } {
  const remedy = REASONS[codeOf(error)]?.[1]
  return remedy === undefined ? {} : { remedy }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
