import assert from 'node:assert/strict'
import type { Shape } from '../../src/config/fields.ts'
import type { MiddlewareDefinition } from '../../src/middleware.ts'
import { engineBefore } from '../support/engine.ts'
import type { Engine, EngineSketch } from '../support/engine.ts'
import type { RawUpstream } from '../support/raw-upstream.ts'
import { decodeOptions } from './make-middleware.ts'

/** A middleware by the name of its file, with options as a file would give them. */
export type Link = readonly [
  type: string,
  definition: MiddlewareDefinition<Shape>,
  options: Readonly<Record<string, unknown>>,
]

/** An engine whose requests pass these middlewares, in this order, on their way to the upstreams. */
export function engineThrough(
  links: readonly Link[],
  upstreams: readonly RawUpstream[],
  sketch: EngineSketch = {},
): Promise<Engine> {
  const named = links.map(([type, definition, options], i) => {
    const decoded = decodeOptions(definition, options)
    assert.equal(definition.check?.(decoded), undefined)
    return [`${type}-${i}`, { type, options: decoded }] as const
  })
  return engineBefore(upstreams, {
    routers: { all: { middlewares: named.map(([name]) => name) } },
    middlewares: Object.fromEntries(named),
    ...sketch,
  })
}
