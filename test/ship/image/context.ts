import { cp, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Which paths of a build context are sent, as `.dockerignore` says: of all lines that match, the last decides. */
export function isSent(path: string, ignore: string): boolean {
  let sent = true
  for (const line of ignore.split('\n').map((text) => text.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const pattern = line.replace(/^!/, '')
    if (withParents(path).some((part) => patternOf(pattern).test(part))) sent = line.startsWith('!')
  }
  return sent
}

/** Copies as COPY does: of a folder what is in it; into `target` when that ends in a slash or there are several. */
export async function copy(
  from: string,
  sources: readonly string[],
  target: string,
  sent: (path: string) => boolean,
): Promise<void> {
  for (const source of sources) {
    const isFolder = (await stat(join(from, source))).isDirectory()
    const into = target.endsWith('/') || sources.length > 1
    const place = isFolder || !into ? target : join(target, source.split('/').at(-1)!)
    if (!isFolder && !sent(source)) throw new Error(`COPY ${source}: it is not in the build context`)
    await mkdir(dirname(place), { recursive: true })
    for (const file of isFolder ? await filesBelow(join(from, source)) : ['']) {
      if (file !== '' && !sent(join(source, file))) continue
      // Links stay what they are.
      await cp(join(from, source, file), join(place, file), { verbatimSymlinks: true, recursive: true })
    }
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

function withParents(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** Unlike in a shell, `*` also stands for names that begin with a dot. */
function patternOf(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('?', '[^/]')
  return new RegExp(`^${source.replaceAll('**', '\0').replaceAll('*', '[^/]*').replaceAll('\0', '.*')}$`)
}
