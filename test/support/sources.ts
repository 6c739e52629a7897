import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

/** A source file of the project, and what it imports. */
export interface SourceFile {
  /** From the project's root, with `/`. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly Import[]
}

export interface Import {
  /** A file's path from the project's root, or the name of a package; `node:` modules are left out. */
  readonly target: string
  readonly isPackage: boolean
  /** Erased before the program runs. */
  readonly typeOnly: boolean
}

const ROOT = new URL('../../', import.meta.url).pathname
const STATEMENT = /^[ \t]*(?:import|export)\b(?<type> type\b)?[^'"`;()]*?from '(?<from>[^']+)'/gm
const BARE = /^[ \t]*import '(?<from>[^']+)'/gm
const DYNAMIC = /\bimport\(\s*'(?<from>[^']+)'/g
/** Workers and child processes are started by such references. */
const REFERENCE = /new URL\(\s*'(?<from>\.[^']+\.[jt]s)',\s*import\.meta\.url/g

/** All sources below the given folders, read by regular expression: no parser is needed to see an import. */
export function readSources(...folders: string[]): SourceFile[] {
  const paths = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))
  return paths.toSorted().map(readSource)
}

function readSource(path: string): SourceFile {
  const text = readFileSync(ROOT + path, 'utf8')
  return { path, text, lines: text.split('\n').length - 1, imports: importsOf(path, text) }
}

/** What the text of the file at `path` imports. */
export function importsOf(path: string, text: string): Import[] {
  const found = [STATEMENT, BARE, DYNAMIC, REFERENCE].flatMap((pattern) => [...text.matchAll(pattern)])
  return found
    .map(({ groups }) => ({ from: groups!.from!, typeOnly: groups!.type !== undefined }))
    .filter(({ from }) => !from.startsWith('node:'))
    .map(({ from, typeOnly }) => ({ ...resolve(path, from), typeOnly }))
}

function resolve(path: string, from: string): Pick<Import, 'target' | 'isPackage'> {
  if (from.startsWith('.')) return { target: posix.join(posix.dirname(path), from), isPackage: false }
  const parts = from.split('/')
  return { target: parts.slice(0, from.startsWith('@') ? 2 : 1).join('/'), isPackage: true }
}
