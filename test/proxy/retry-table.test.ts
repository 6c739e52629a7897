import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadBalancer } from '../../src/balancing/load-balancer.ts'
import type { FailedBy } from '../../src/balancing/outcomes.ts'
import { RetryBudget } from '../../src/balancing/retry-budget.ts'
import { DEFAULT_RETRY } from '../../src/balancing/retry-default.ts'
import { Body } from '../../src/proxy/body.ts'
import { Deadlines } from '../../src/proxy/deadlines.ts'
import { forward } from '../../src/proxy/forward.ts'
import { HeaderList } from '../../src/proxy/header-list.ts'
import { Request } from '../../src/proxy/request.ts'
import type { UpstreamConnection } from '../../src/proxy/upstream/connection.ts'
import type { FailureKind } from '../../src/proxy/upstream/exchange.ts'
import { Endpoint } from '../../src/proxy/upstream/endpoint.ts'
import { DEFAULT_TRANSPORT } from '../../src/proxy/upstream/transport.ts'
import { WaitQueue } from '../../src/proxy/wait-queue.ts'
import { endpointPlan } from '../support/engine.ts'

/**
 * The table of DESIGN §6, cell by cell: how often a request is sent in all. The failures are injected, since a real
 * endpoint cannot bring about some of them at will, such as the loss of a connection before its first byte is written.
 */
const SAFE = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']
const UNSAFE = ['POST', 'PATCH', 'LOCK', 'TRACE']

const ROWS: readonly (readonly [
  kind: FailureKind,
  safe: number,
  unsafe: number,
  why: string,
  reported: FailedBy | undefined,
])[] = [
  ['connect', 3, 3, 'UF', 'connect'],
  ['connect-timeout', 2, 2, 'DT', 'timeout'],
  ['unsent', 3, 3, 'UF', undefined],
  ['broken', 3, 1, 'UC', 'reset'],
  ['partial', 1, 1, 'UC', 'reset'],
  ['malformed', 1, 1, 'UP', 'reset'],
  ['timeout', 1, 1, 'UT', 'timeout'],
  ['request-body', 1, 1, 'BR', undefined],
  ['aborted', 1, 1, 'DC', undefined],
]
for (const [kind, safe, unsafe, why, reported] of ROWS) {
  for (const method of [...SAFE, ...UNSAFE]) {
    for (const body of [undefined, 'abc']) {
      const expected = SAFE.includes(method) ? safe : unsafe
      test(`${kind}: ${method} ${body === undefined ? 'without' : 'with'} a body is sent ${expected} times`, async () => {
        using it = new Failing(kind)
        const response = await it.send(method, body)
        assert.equal(response.why, why)
        assert.equal(it.tried.length, expected)
        assert.equal(new Set(it.tried).size, expected, 'each time to another endpoint')
        assert.deepEqual(it.reported, reported === undefined ? [] : Array(expected).fill(reported))
      })
    }
  }
}

test('what counts for the budget, and what does not', async () => {
  for (const [kind, counts] of [
    ['connect', false],
    ['unsent', false],
    ['broken', true],
  ] as const) {
    using it = new Failing(kind)
    let retries = 0
    for (let i = 0; i < 50; i++) {
      await it.send('GET')
      retries += it.tried.splice(0).length - 1
    }
    // The run may touch two seconds, each with ten.
    if (counts) assert.ok(retries >= 10 && retries <= 20, `${kind}: ${retries}`)
    else assert.equal(retries, 100, kind)
  }
})

/** Four endpoints that all fail in one way. */
class Failing implements Disposable {
  readonly tried: string[] = []
  readonly reported: FailedBy[] = []
  readonly #deadlines = new Deadlines()
  readonly #owner = {
    transport: DEFAULT_TRANSPORT,
    deadlines: this.#deadlines,
    maxConnections: 1_000,
    drained: () => {},
    freed: () => {},
    tlsFailed: () => {},
  }
  readonly #balancer = new LoadBalancer<Endpoint>({ pick: (candidates) => candidates[0]! })
  readonly #budget = new RetryBudget()

  constructor(kind: FailureKind) {
    for (const key of ['a', 'b', 'c', 'd']) {
      const endpoint = new Endpoint(key, endpointPlan({ port: 1 }), this.#owner)
      endpoint.acquire = () => {
        this.tried.push(key)
        const failing: Pick<UpstreamConnection, 'send'> = {
          send(request, _, exchange) {
            // Some of the body had been taken by then.
            request.body?.take()
            exchange.onFailure(kind)
          },
        }
        return failing as UpstreamConnection
      }
      this.#balancer.set(endpoint)
    }
    this.#balancer.refresh()
  }

  send(method: string, body?: string): ReturnType<typeof forward> {
    const request = new Request()
    request.method = method
    request.headers = new HeaderList(['Host', 'a'])
    if (body !== undefined) request.body = Body.of(Buffer.from(body))
    return forward(request, {
      balancer: this.#balancer,
      passHostHeader: true,
      budget: this.#budget,
      queue: new WaitQueue(this.#deadlines, this.#balancer),
      retry: DEFAULT_RETRY,
      outcomes: { failed: (_, by) => void this.reported.push(by), succeeded: () => {} },
      deadlines: this.#deadlines,
    })
  }

  [Symbol.dispose](): void {
    this.#deadlines.close()
  }
}
