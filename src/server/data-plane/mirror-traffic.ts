import type { Body } from '../../proxy/body.ts'
import type { BodyCopy } from '../../proxy/body-copy.ts'
import { NEVER } from '../../proxy/deadlines.ts'
import type { Deadlines, Timed } from '../../proxy/deadlines.ts'
import { HeaderList } from '../../proxy/header-list.ts'
import { MemoryBudget } from '../../proxy/memory-budget.ts'
import { Request } from '../../proxy/request.ts'
import type { Counts } from './counts.ts'
import type { Service } from './service.ts'

/** Copies under way at once in one worker. A mirror that hangs must not pile them up. */
const MAX_IN_FLIGHT = 1_000
/** Milliseconds that one may take. */
const TIME_LIMIT = 30_000
/** Bytes of bodies that wait to be sent to mirrors, in one worker. */
const MEMORY = 32 * 1024 * 1024

/** The copies of requests that a worker sends to mirrors: bounded in number, time and memory, and their answers thrown away. */
export class MirrorTraffic {
  readonly memory = new MemoryBudget(MEMORY)
  readonly #deadlines: Deadlines
  readonly #counts: Counts
  #inFlight = 0

  constructor(deadlines: Deadlines, counts: Counts) {
    this.#deadlines = deadlines
    this.#counts = counts
  }

  /**
   * Sends these services a copy of the request, as soon as its body is there whole. One that would be too much, or
   * whose body has broken off or is too large, is dropped and counted.
   */
  send(request: Request, services: readonly Service[], copy: BodyCopy | undefined): void {
    if (copy === undefined) {
      for (const service of services) void this.#start(request, service, null)
      return
    }
    copy.onSettled((whole) => {
      if (!whole) {
        for (const _ of services) this.#counts.mirrorDropped()
        return
      }
      const under = services.map((service) => this.#start(request, service, copy.body()))
      // Until then its memory counts: the bodies on their way are made of it.
      void Promise.all(under).then(() => copy.release())
    })
  }

  async #start(request: Request, service: Service, body: Body | null): Promise<void> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      this.#counts.mirrorDropped()
      return
    }
    this.#inFlight++
    this.#counts.mirrored()
    await new MirroredExchange(copyOf(request, body), this.#deadlines).run(service)
    this.#inFlight--
  }
}

/** One copy on its way. */
class MirroredExchange implements Timed {
  deadline: number
  readonly #request: Request
  readonly #deadlines: Deadlines
  #body: Body | undefined
  #over: () => void = () => {}

  constructor(request: Request, deadlines: Deadlines) {
    this.#request = request
    this.#deadlines = deadlines
    this.deadline = deadlines.in(TIME_LIMIT)
  }

  /** Never rejects: services never do. */
  async run(service: Service): Promise<void> {
    this.#deadlines.add(this)
    const response = await service.handle(this.#request)
    if (response.tunnel) response.discard()
    const { body } = response
    if (body !== null && typeof body !== 'string') await this.#readAway(body)
    this.deadline = NEVER
    this.#deadlines.remove(this)
  }

  expired(): void {
    this.#request.aborted = true
    this.#request.onAbort?.()
    this.#body?.cancel()
    this.#over()
  }

  /** Read to its end, so that the connection can be used again. */
  #readAway(body: Body): Promise<void> {
    return new Promise((resolve) => {
      this.#body = body
      this.#over = resolve
      const read = (): void => {
        while (body.take() !== undefined);
        if (body.done || body.error || body.cancelled) resolve()
        else body.onReadable(read)
      }
      read()
    })
  }
}

function copyOf(request: Request, body: Body | null): Request {
  const copy = new Request()
  const { method, path, query, version, host, authority, scheme, trailers } = request
  const { clientAddress, clientPort, localPort, entryPoint, router } = request
  Object.assign(copy, { method, path, query, version, host, authority, scheme, trailers })
  Object.assign(copy, { clientAddress, clientPort, localPort, entryPoint, router, body })
  copy.headers = new HeaderList([...request.headers.fields])
  // Nobody waits for leave to send the body: it is here.
  copy.headers.delete('Expect')
  return copy
}
