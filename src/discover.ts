import { readdir } from 'node:fs/promises'
import { extname } from 'node:path'

/**
 * The plug-ins of a folder by name: one file each, whose default export is its definition. The files' own
 * extension is used, so this works on sources and on the built output alike.
 * @throws Error when a file has no definition as its default export
 */
export async function discover<T extends object>(folder: URL): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  for (const name of await pluginNames(folder)) found.set(name, await loadPlugin<T>(folder, name))
  return found
}

/** Names of the plug-ins in a folder, in camel case as configuration writes them, sorted. */
export async function pluginNames(folder: URL): Promise<string[]> {
  const own = extname(import.meta.filename)
  const files = await readdir(folder)
  return files
    .filter((file) => file.endsWith(own) && !file.endsWith('.d.ts'))
    .map((file) => camelCase(file.slice(0, -own.length)))
    .toSorted()
}

/** Loads one plug-in by its name, so that what is not used costs nothing. */
export async function loadPlugin<T extends object>(folder: URL, name: string): Promise<T> {
  const file = new URL(`${kebabCase(name)}${extname(import.meta.filename)}`, folder)
  const module = (await import(file.href)) as { default?: unknown }
  if (typeof module.default !== 'object' || module.default === null) {
    throw new Error(`${file.pathname} has no definition as its default export`)
  }
  return module.default as T
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
