import { execFile } from 'node:child_process'
import { fields } from '../config/fields.ts'
import type { Problem } from '../config/problem.ts'
import type { MiddlewareDefinition, SharedState } from '../middleware.ts'
import { pluginType } from '../server/plan.ts'
import { loadPrivatePlugin } from './load-plugin.ts'
import type { PluginFile } from './load-plugin.ts'

/** The private plug-ins as the control plane sees them. */
export interface Plugins {
  /** By the type that plans name. */
  readonly definitions: ReadonlyMap<string, MiddlewareDefinition>
  /** By name: why it cannot be used. */
  readonly failures: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

/** Loads all of them. Never rejects: one that cannot be used costs the routers that use it, and nothing else. */
export async function loadPlugins(files: readonly PluginFile[]): Promise<Plugins> {
  const definitions = new Map<string, MiddlewareDefinition>()
  const failures = new Map<string, string>()
  const problems: Problem[] = []
  for (const file of files) {
    try {
      definitions.set(pluginType(file.name), fenced(await loadPrivatePlugin(file)))
    } catch (error) {
      failures.set(file.name, reasonOf(error))
      problems.push(await problemOf(file, error))
    }
  }
  return { definitions, failures, problems }
}

/** What the static configuration says of them, as a list. */
export function pluginFiles(plugins: Readonly<Record<string, { readonly path: string }>>): PluginFile[] {
  return Object.entries(plugins).map(([name, { path }]) => ({ name, path }))
}

async function problemOf({ name, path }: PluginFile, error: unknown): Promise<Problem> {
  const line = await lineOf(path, error)
  return {
    code: 'E231',
    severity: 'error',
    origin: { source: path, ...(line === undefined ? {} : { line }) },
    resource: `plugin ${name}`,
    message: `the plugin \`${name}\` cannot be loaded: ${reasonOf(error)}`,
    remedy: 'correct the file, or its `path`, and start anew; routers that use it are not served without it',
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [message = ''] = error.message
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '')
  return error.name === 'Error' ? message : `${error.name}: ${message}`
}

/** Where a syntax error is: the loader keeps that to itself, and tells only who has the file checked. */
function lineOf(path: string, error: unknown): Promise<number | undefined> {
  if (!(error instanceof SyntaxError)) return Promise.resolve(undefined)
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  execFile(process.execPath, ['--check', path], { timeout: 5_000 }, (_failed, _output, complaint) => {
    const [, line] = /:(\d+)$/m.exec(complaint) ?? []
    resolve(line === undefined ? undefined : Number(line))
  })
  return promise
}

/** The definition behind a fence: whatever its functions throw here is a complaint about its options, and no more. */
function fenced(definition: MiddlewareDefinition): MiddlewareDefinition {
  const { summary, shared } = definition
  const shape = definition.options(fields)
  // Complains now, rather than with the first options.
  fields.section('', shape).safeParse({})
  return {
    summary,
    options: () => shape,
    check(options) {
      try {
        const complaint = definition.check?.(options) as string | null | undefined
        definition.services?.(options)
        return complaint ?? undefined
      } catch (error) {
        return `its options cannot be checked: ${reasonOf(error)}`
      }
    },
    ...(definition.prepare && { prepare: (options, tools) => definition.prepare!(options, tools) }),
    ...(definition.services && { services: (options) => definition.services!(options) }),
    ...(shared && { shared: fencedState(shared) }),
    create: (options, tools) => definition.create(options, tools),
  }
}

/** State that cannot be made is none: the middleware, which expects some, then fails by itself. */
function fencedState(shared: SharedState<never>): SharedState<never> {
  return {
    key(options) {
      try {
        return String(shared.key(options))
      } catch {
        return ''
      }
    },
    create(options, workers) {
      try {
        const memory: unknown = shared.create(options, workers)
        return memory instanceof SharedArrayBuffer ? memory : new SharedArrayBuffer(0)
      } catch {
        return new SharedArrayBuffer(0)
      }
    },
    release(state) {
      try {
        shared.release?.(state)
      } catch {
        // It has lost what it held; nobody else has.
      }
    },
  }
}
