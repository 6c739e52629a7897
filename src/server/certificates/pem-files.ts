import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** Bytes; chains are some 10 KiB. */
const LARGEST = 1024 * 1024

/** How a file looks from outside: another text when it has changed. Text in the place of a path never changes. */
export async function lookAt(fileOrText: string): Promise<string> {
  if (isText(fileOrText)) return ''
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(fileOrText, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(':')
  } catch (error) {
    return codeOf(error)
  }
}

/**
 * The PEM text in a file, or the text itself. `name` is how the problem names it.
 * @throws Error that says what is wrong, without the path: a key that was pasted without its first line is no path
 */
export async function readText(fileOrText: string, name: string): Promise<string> {
  if (isText(fileOrText)) return fileOrText
  try {
    // A FIFO would wait for a writer.
    await using handle = await open(fileOrText, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await handle.stat()
    if (!found.isFile()) throw new Error('it is no regular file')
    if (found.size > LARGEST) throw new Error('it is larger than 1 MiB')
    return await handle.readFile('utf8')
  } catch (error) {
    throw new Error(`${name} cannot be read: ${reasonOf(error)}`, { cause: error })
  }
}

function isText(fileOrText: string): boolean {
  return fileOrText.includes('-----BEGIN ')
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a folder on its way is a file',
  ENAMETOOLONG: 'its path is too long',
  ELOOP: 'it is a link that leads back to itself',
}

function reasonOf(error: unknown): string {
  const code = codeOf(error)
  // Messages of the system hold the path.
  return REASONS[code] ?? (code !== '' ? code : error instanceof Error ? error.message : String(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
