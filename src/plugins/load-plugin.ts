import { registerHooks } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MiddlewareDefinition } from '../middleware.ts'

/** A plug-in as the static configuration names it. */
export interface PluginFile {
  readonly name: string
  /** Of its module, from the working directory on. */
  readonly path: string
}

/** Milliseconds that a module may take to load; one that waits for something at its top level may never be done. */
const PATIENCE = 10_000
const OWN = new URL(`../plugin${extname(import.meta.filename)}`, import.meta.url).href

/** `import … from 'tidegate'` means this very program: with classes of another copy, the two would not fit together. */
let hooked = false
function hook(): void {
  if (hooked) return
  hooked = true
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'tidegate' ? { url: OWN, shortCircuit: true } : next(specifier, context),
  })
}

/**
 * Loads a plug-in's module.
 * @throws Error that says what is wrong with it, as a sentence without a full stop
 */
export async function loadPrivatePlugin({ path }: PluginFile): Promise<MiddlewareDefinition> {
  hook()
  const module = (await inTime(import(pathToFileURL(resolve(path)).href))) as { default?: unknown }
  const definition = module.default
  if (typeof definition !== 'object' || definition === null)
    throw new Error('its default export is no plain object of the middleware contract')
  const { summary, options, create } = definition as Partial<Record<string, unknown>>
  if (typeof summary !== 'string' || summary === '') throw new Error('it has no `summary`')
  if (typeof options !== 'function') throw new Error('its `options` is no function')
  if (typeof create !== 'function') throw new Error('its `create` is no function')
  return definition as MiddlewareDefinition
}

async function inTime<T>(loading: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`it is not loaded within ${PATIENCE / 1_000} s`)), PATIENCE)
  try {
    return await Promise.race([loading, late])
  } finally {
    clearTimeout(timer)
  }
}
