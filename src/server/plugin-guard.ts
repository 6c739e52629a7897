import { AsyncLocalStorage } from 'node:async_hooks'
import type { Middleware, MiddlewareDefinition, Next } from '../middleware.ts'
import type { Request } from '../proxy/request.ts'
import { Response } from '../proxy/response.ts'
import { checkRequest, checkResponse } from './plugin-messages.ts'
import { GAUGE } from './shared-slots.ts'

/** A plug-in has failed; the message names it. */
export class PluginFailure extends Error {
  override readonly name = 'PluginFailure'

  constructor(plugin: string, cause: unknown) {
    super(`the plugin \`${plugin}\` failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
    // The stack of where it failed, not of where that was caught.
    if (cause instanceof Error && cause.stack) this.stack = `${this.message}\n${framesOf(cause.stack)}`
  }
}

/** One run of a plug-in's phase, and whatever comes of it later. */
interface Run {
  readonly plugin: string
  /** Fails the request that it belongs to, while that waits. */
  fail: ((failure: PluginFailure) => void) | undefined
}

/**
 * Stands between the engine and private plug-ins: what one of them throws, now or later, costs its request and not
 * the worker; and while one runs, a number in shared memory says which, so that the control plane can tell who holds
 * a worker that does not answer. All of it costs only those who use plug-ins.
 */
export class PluginGuard {
  readonly #gauges: Int32Array
  readonly #names: readonly string[]
  readonly #failed: (where: string, error: unknown) => void
  readonly #runs = new AsyncLocalStorage<Run>()

  /** `names`: of all plug-ins, in the order that the control plane knows. */
  constructor(gauges: Int32Array, names: readonly string[], failed: (where: string, error: unknown) => void) {
    this.#gauges = gauges
    this.#names = names
    this.#failed = failed
  }

  /** The definition, made harmless. `loading`: what is known of it; a failure makes every request fail. */
  guarded(plugin: string, definition: MiddlewareDefinition | Error): MiddlewareDefinition {
    return {
      summary: plugin,
      options: () => ({}),
      create: (options, tools) => {
        try {
          if (definition instanceof Error) throw definition
          return this.#wrap(
            plugin,
            this.#run(plugin, () => definition.create(options, tools)),
          )
        } catch (error) {
          const failure = new PluginFailure(plugin, error)
          this.#failed(`middleware ${tools.name}`, failure)
          return { request: () => Response.because('IE') }
        }
      },
    }
  }

  /** Takes an error that nobody has caught. False when it is of no plug-in. */
  stray(error: unknown): boolean {
    const run = this.#runs.getStore()
    if (!run) return false
    const failure = new PluginFailure(run.plugin, error)
    const { fail } = run
    run.fail = undefined
    if (fail) fail(failure)
    else this.#failed(`plugin ${run.plugin}`, failure)
    return true
  }

  #wrap(plugin: string, middleware: Middleware): Middleware {
    for (const phase of ['request', 'response', 'around'] as const) {
      const type = typeof middleware[phase]
      if (type !== 'function' && type !== 'undefined') throw new Error(`its \`${phase}\` is no function`)
    }
    return {
      ...(middleware.request && {
        request: (request: Request) =>
          this.#call(
            plugin,
            () => middleware.request!(request),
            (answer) => {
              checkRequest(request)
              return answer === undefined || answer === null ? undefined : checkResponse(answer)
            },
          ),
      }),
      ...(middleware.response && {
        response: (response: Response, request: Request) =>
          this.#call(
            plugin,
            () => middleware.response!(response, request),
            () => void checkResponse(response),
          ),
      }),
      ...(middleware.around && {
        around: (request: Request, next: Next) => this.#around(plugin, middleware, request, next),
      }),
    }
  }

  /** What comes from behind is the engine's again, and none of the plug-in's business when it fails. */
  #around(
    plugin: string,
    middleware: Middleware,
    request: Request,
    next: Next,
  ): Response | Promise<Response> {
    const behind = new Behind()
    const onwards: Next = (passed) => {
      checkRequest(passed)
      return behind.note(() => this.#outside(() => next(passed)))
    }
    try {
      const answer = this.#call(plugin, () => middleware.around!(request, onwards), checkResponse)
      return answer instanceof Promise ? answer.catch((error: unknown) => behind.fail(error)) : answer
    } catch (error) {
      return behind.fail(error)
    }
  }

  /** Runs a phase; `settle` looks at what it gives. Throws, or rejects with, a `PluginFailure`. */
  #call<T, R>(plugin: string, phase: () => T | Promise<T>, settle: (result: T) => R): R | Promise<R> {
    const run: Run = { plugin, fail: undefined }
    try {
      const result = this.#run(plugin, phase, run)
      return isPromise(result) ? this.#later(run, result, settle) : settle(result)
    } catch (error) {
      throw new PluginFailure(plugin, error)
    }
  }

  #later<T, R>(run: Run, result: Promise<T>, settle: (result: T) => R): Promise<R> {
    Atomics.add(this.#gauges, GAUGE.pluginCalls, 1)
    return new Promise<R>((resolve, reject) => {
      run.fail = reject
      result.then(
        (value) => {
          try {
            resolve(settle(value))
          } catch (error) {
            reject(new PluginFailure(run.plugin, error))
          }
        },
        (error: unknown) => reject(new PluginFailure(run.plugin, error)),
      )
    }).finally(() => {
      run.fail = undefined
      Atomics.sub(this.#gauges, GAUGE.pluginCalls, 1)
    })
  }

  #run<T>(plugin: string, work: () => T, run: Run = { plugin, fail: undefined }): T {
    const place = this.#names.indexOf(plugin) + 1
    Atomics.store(this.#gauges, GAUGE.lastPlugin, place)
    return this.#marked(place, () => this.#runs.run(run, work))
  }

  #outside<T>(work: () => T): T {
    return this.#marked(0, () => this.#runs.exit(work))
  }

  #marked<T>(place: number, work: () => T): T {
    const before = Atomics.exchange(this.#gauges, GAUGE.plugin, place)
    try {
      return work()
    } finally {
      Atomics.store(this.#gauges, GAUGE.plugin, before)
    }
  }
}

/** What has come of the rest of the chain, which a plug-in has called. */
class Behind {
  #response: Response | undefined = undefined
  #error: unknown = undefined

  note(next: () => Response | Promise<Response>): Response | Promise<Response> {
    try {
      const answer = next()
      if (answer instanceof Promise)
        return answer.then(
          (response) => this.#keep(response),
          (error: unknown) => this.#rethrow(error),
        )
      return this.#keep(answer)
    } catch (error) {
      return this.#rethrow(error)
    }
  }

  /** The plug-in has thrown: nobody reads what came from behind. An error that came from there is not the plug-in's. */
  fail(error: unknown): never {
    this.#response?.discard()
    throw error instanceof PluginFailure && this.#error !== undefined && error.cause === this.#error
      ? this.#error
      : error
  }

  #keep(response: Response): Response {
    this.#response = response
    return response
  }

  #rethrow(error: unknown): never {
    this.#error = error
    throw error
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise || typeof (value as { then?: unknown } | undefined)?.then === 'function'
}

function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n')
}
