import assert from 'node:assert/strict'
import { decode } from '../../src/config/decode.ts'
import { entryPointOptions } from '../../src/config/entry-point.ts'
import { fields } from '../../src/config/fields.ts'
import { fromPlain } from '../../src/config/source-tree.ts'
import type { EntryPointConfig } from '../../src/config/static.ts'
import { resolveRouting } from '../../src/discovery/resolve.ts'
import type { ExplainInputs } from '../../src/explain/explain.ts'
import type { MiddlewareDefinition } from '../../src/middleware.ts'
import type { MatcherDefinition } from '../../src/routing/matcher.ts'

/** What there is to explain with these routes in a file, on the entry points `web` (:80), `websecure` (:443) and `inner` (:9000). */
export function routingOf(
  http: object,
  middlewares: ReadonlyMap<string, MiddlewareDefinition>,
  matchers: ReadonlyMap<string, MatcherDefinition>,
): ExplainInputs {
  const entryPoints = new Map([
    ['web', entryPoint(80)],
    ['websecure', entryPoint(443)],
    ['inner', entryPoint(9000)],
  ])
  const context = {
    entryPoints: [...entryPoints.keys()].map((name) => ({
      name,
      asDefault: name !== 'inner',
      internal: false,
      middlewares: [],
    })),
    matchers,
    middlewares,
    strategies: new Set(['wrr']),
  }
  const node = fromPlain({ http }, { source: 'routes.yml' })
  const routing = resolveRouting(
    [{ provider: 'file', fragments: [], routing: [{ part: '', node }] }],
    context,
  )
  assert.deepEqual(
    routing.problems.map(({ message }) => message),
    [],
  )
  return { routing, endpoints: [], problems: [], entryPoints, context, precedence: [] }
}

function entryPoint(port: number): EntryPointConfig {
  const { value } = decode(entryPointOptions(fields), fromPlain({ address: `:${port}` }, { source: 'test' }))
  return { ...value!, listen: { host: '', port, protocol: 'tcp' }, internal: false } as EntryPointConfig
}
