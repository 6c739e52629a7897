import type { Server, Socket } from 'node:net'
import type { Deadlines } from '../../proxy/deadlines.ts'
import { compileForwardedPolicy } from '../../proxy/forwarded-headers.ts'
import type { ConnectionHost } from '../../proxy/http1/connection-host.ts'
import { DEFAULT_HTTP2_LIMITS } from '../../proxy/http2/limits.ts'
import type { Request } from '../../proxy/request.ts'
import { Response } from '../../proxy/response.ts'
import { WHY } from '../../proxy/why.ts'
import type { WhyCode } from '../../proxy/why.ts'
import type { MatcherDefinition } from '../../routing/matcher.ts'
import { RoutingTable } from '../../routing/table.ts'
import type { Meter } from '../../telemetry/metrics/meter.ts'
import { connectionCaps, ConnectionGate } from '../connection-gate.ts'
import type { EntryPointSettings } from '../entry-point-settings.ts'
import type { LoadShedder } from '../load-shedder.ts'
import type { ClientConnections, Door } from './client-connections.ts'
import type { Counts } from './counts.ts'
import type { RequestMeters } from './request-meters.ts'
import type { Router, RouterTables } from './routers.ts'

/** Who hears of requests. */
export interface RequestEvents {
  /** A request has come, and no middleware has seen it yet; undefined when nobody wants to know. */
  readonly begun: ((request: Request) => void) | undefined
  /** Its exchange is over: `bytes` of body have left, `duration` milliseconds after it came at `startedAt`. */
  finished(request: Request, response: Response, bytes: number, startedAt: number, duration: number): void
}

/** What the entry points of a worker share. */
export interface EntryPointTools {
  /** This worker's place among all. */
  readonly worker: number
  readonly hostname: string
  readonly matchers: ReadonlyMap<string, MatcherDefinition>
  readonly deadlines: Deadlines
  readonly connections: ClientConnections
  readonly counts: Counts
  readonly shedder: LoadShedder
  readonly events: RequestEvents
  /** Undefined when nobody wants metrics. */
  readonly meters: RequestMeters | undefined
}

/** One address that clients connect to: routes what they ask for, by the table for plain connections or that for TLS. */
export class EntryPoint {
  readonly tables: RouterTables
  readonly #name: string
  readonly #tools: EntryPointTools
  readonly #door: Door
  readonly #meter: Meter | undefined
  /** All sockets of a listener have its port: asking once spares each connection a system call. */
  #localPort = 0

  constructor(settings: EntryPointSettings, tools: EntryPointTools) {
    this.#name = settings.name
    this.#tools = tools
    this.#meter = tools.meters?.entryPoint(settings.name)
    const plain = new RoutingTable<Router>(tools.matchers)
    const secure = new RoutingTable<Router>(tools.matchers)
    this.tables = { plain, secure, alwaysSecure: settings.tls === true }
    this.#door = this.#openDoor(settings)
  }

  /** Serves a socket that was accepted with `pauseOnConnect`, by `server` or in another thread. */
  accept(socket: Socket, server: Server | undefined): void {
    const { counts, connections } = this.#tools
    counts.accepted()
    // A client that was reset before it was accepted has no address any more, but what it sent can still be read:
    // nobody could say whether it is allowed, and nobody waits for the answer.
    if (socket.remoteAddress === undefined) {
      socket.destroy()
      return
    }
    connections.accept(this.#door, socket, server, {
      address: plainAddress(socket.remoteAddress),
      port: socket.remotePort ?? 0,
      localPort: (this.#localPort ||= socket.localPort ?? 0),
      secure: false,
    })
  }

  #openDoor(settings: EntryPointSettings): Door {
    const { worker, deadlines, connections } = this.#tools
    const shared = {
      deadlines,
      limits: settings.limits,
      stopping: () => connections.stopping,
      finished: this.#finished.bind(this),
      tunnelled: (request: Request) => this.#discount(request),
      refused: this.#refused.bind(this),
      closed: connections.closed.bind(connections),
    }
    const policy = compileForwardedPolicy(settings.forwarded, this.#tools.hostname)
    return {
      gate: new ConnectionGate(settings.caps ?? connectionCaps({}, 1), worker),
      plain: { ...shared, handle: this.#answerer(this.tables.plain, policy) },
      secure: {
        ...shared,
        handle: this.#answerer(this.tables.secure, policy),
        http2: settings.http2 ?? DEFAULT_HTTP2_LIMITS,
        flooded: () => connections.countHandshake('h2-flood'),
      },
    }
  }

  #answerer(
    table: RoutingTable<Router>,
    policy: ReturnType<typeof compileForwardedPolicy>,
  ): ConnectionHost['handle'] {
    return (request, managedSeen) => {
      request.entryPoint = this.#name
      const accepted = policy(request, managedSeen)
      this.#tools.events.begun?.(request)
      if (!accepted) return Response.because('BR')
      return this.#route(table, request)
    }
  }

  #route(table: RoutingTable<Router>, request: Request): Response | Promise<Response> {
    const router = table.find(request)
    if (router === undefined) return Response.because('NR')
    request.router = router.name
    request.service = router.target.service
    request.routerMeter = router.target.meter
    if (!router.target.internal) {
      const { shedder } = this.#tools
      if (shedder.turnsAway()) return Response.because('OV')
      shedder.inFlight++
      request.counted = true
    }
    return router.target.handle(request)
  }

  #finished(request: Request, response: Response, bytes: number, startedAt: number): void {
    const { counts, events } = this.#tools
    this.#discount(request)
    request.over()
    counts.request(request.retries)
    if (request.why !== undefined) counts.why(request.why)
    const duration = performance.now() - startedAt
    this.#measure(request, response, bytes, duration)
    events.finished(request, response, bytes, startedAt, duration)
  }

  #refused(why: WhyCode, request: Request, startedAt: number): void {
    const { counts, events } = this.#tools
    this.#discount(request)
    request.over()
    counts.why(why)
    request.why = why
    request.entryPoint = this.#name
    const response = Response.because(why)
    if (request.accessEntry === undefined) events.begun?.(request)
    const bytes = response.body?.length ?? 0
    const duration = performance.now() - startedAt
    this.#measure(request, response, bytes, duration)
    events.finished(request, response, bytes, startedAt, duration)
  }

  #measure(request: Request, response: Response, bytes: number, duration: number): void {
    if (this.#meter === undefined) return
    // The client went away or was too slow: what the answer says has not arrived.
    const { why } = request
    const status = why === 'DC' || why === 'SR' ? WHY[why].status : response.status
    this.#tools.meters!.count(this.#meter, request, status, bytes, duration)
  }

  /** It is no longer under way. */
  #discount(request: Request): void {
    if (!request.counted) return
    request.counted = false
    this.#tools.shedder.inFlight--
  }
}

/** IPv4-mapped addresses as what they are: rules and logs are written for IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
