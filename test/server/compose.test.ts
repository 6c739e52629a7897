import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Middleware, Next } from '../../src/middleware.ts'
import { Body } from '../../src/proxy/body.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import { Response } from '../../src/proxy/response.ts'
import { compose } from '../../src/server/compose.ts'

/** Runs a chain and gives the order in which its phases ran, and the status that came out. */
async function run(chain: readonly string[], log: string[] = [], last?: Next): Promise<string> {
  const service: Next = last ?? ((): Response => answer('service', 200, log))
  const response = await compose(
    chain.map((spec) => middlewareOf(spec, log)),
    service,
  )(new Request())
  return `${log.join(' ')} → ${response.status}`
}

function answer(name: string, status: number, log: string[]): Response {
  log.push(name)
  return new Response(status, new HeaderList(), null)
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * `a:q` has a request phase, `a:p` a response phase, `a:o` an around phase; capitals wait. `a:q!` answers at once,
 * `a:q?` throws, `a:p?` throws.
 */
function middlewareOf(spec: string, log: string[]): Middleware {
  const [name = '', phases = ''] = spec.split(':')
  const answers = phases.includes('!')
  const throws = phases.includes('?')
  const middleware: Middleware = {}
  const request = (): Response | undefined => {
    log.push(`${name}>`)
    if (throws) throw new Error(name)
    return answers ? new Response(418, new HeaderList(), null) : undefined
  }
  const response = (): void => {
    log.push(`<${name}`)
    if (throws) throw new Error(name)
  }
  if (phases.includes('q')) middleware.request = request
  if (phases.includes('Q')) middleware.request = () => later().then(request)
  if (phases.includes('p')) middleware.response = response
  if (phases.includes('P')) middleware.response = () => later().then(response)
  if (phases.includes('o')) {
    middleware.around = async (forwarded, next) => {
      log.push(`${name}(`)
      const inner = await next(forwarded)
      log.push(`)${name}`)
      return inner
    }
  }
  return middleware
}

const CASES: readonly (readonly [chain: readonly string[], expected: string])[] = [
  [[], 'service → 200'],
  [['a:q'], 'a> service → 200'],
  [['a:p'], 'service <a → 200'],
  [['a:qp', 'b:qp'], 'a> b> service <b <a → 200'],
  [['a:q', 'b:p', 'c:qp', 'd:'], 'a> c> service <c <b → 200'],
  // An early answer passes the response phases of those before it, and not its own.
  [['a:qp', 'b:q!p', 'c:qp'], 'a> b> <a → 418'],
  [['a:q!', 'b:qp'], 'a> → 418'],
  // Phases that wait keep their places.
  [['a:Qp', 'b:qP', 'c:QP'], 'a> b> c> service <c <b <a → 200'],
  [['a:qp', 'b:Q!', 'c:q'], 'a> b> <a → 418'],
  [['a:Q', 'b:q!p', 'c:q'], 'a> b> → 418'],
  [['a:p', 'b:Q', 'c:q!'], 'b> c> <a → 418'],
  // `around` sees what is behind it as one.
  [['a:o'], 'a( service )a → 200'],
  [['a:o', 'b:o'], 'a( b( service )b )a → 200'],
  [['a:qp', 'b:o', 'c:qp'], 'a> b( c> service <c )b <a → 200'],
  [['a:o', 'b:q!', 'c:q'], 'a( b> )a → 418'],
  [['a:q!', 'b:o'], 'a> → 418'],
  // One middleware may have all three: its own phases are outside of its `around`.
  [['a:qop'], 'a> a( service )a <a → 200'],
  [['a:qp', 'b:qop', 'c:qp'], 'a> b> b( c> service <c )b <b <a → 200'],
  [['a:qo!', 'b:q'], 'a> → 418'],
]
for (const [chain, expected] of CASES) {
  test(`compose: ${chain.join(', ') || 'nothing'}`, async () => assert.equal(await run(chain), expected))
  test(`compose, the service waits: ${chain.join(', ') || 'nothing'}`, async () => {
    const log: string[] = []
    assert.equal(await run(chain, log, () => later().then(() => answer('service', 200, log))), expected)
  })
}

test('a chain that need not wait does not', () => {
  const log: string[] = []
  const chain = ['a:qp', 'b:p', 'c:q'].map((spec) => middlewareOf(spec, log))
  const response = compose(chain, () => answer('service', 200, log))(new Request())
  assert.ok(response instanceof Response)
})

const THROWING: readonly (readonly string[])[] = [
  ['a:q?'],
  ['a:Q?'],
  ['a:p?'],
  ['a:P?'],
  ['b:qp', 'a:P?'],
  ['b:Qp', 'a:p?'],
  ['b:o', 'a:p?'],
]
for (const chain of THROWING) {
  for (const waits of [false, true]) {
    test(`what a middleware throws comes out, and the answer is given up: ${chain.join(', ')}, ${waits ? 'later' : 'at once'}`, async () => {
      let cancelled = 0
      let reached = 0
      const service: Next = () => {
        reached++
        const body = new Body(undefined, { resume() {}, cancel: () => cancelled++ })
        const response = new Response(200, new HeaderList(), body)
        return waits ? later().then(() => response) : response
      }
      await assert.rejects(async () => run(chain, [], service), /^Error: a$/)
      assert.equal(cancelled, reached, 'an answer that nobody reads would hold its endpoint for ever')
    })
  }
}
