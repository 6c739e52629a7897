import type { Next } from '../../middleware.ts'
import { BodyCopy } from '../../proxy/body-copy.ts'
import type { Request } from '../../proxy/request.ts'
import type { Response } from '../../proxy/response.ts'
import type { MirroringPlan, MirrorPlan } from '../plan.ts'
import type { CompositeService } from './composite-service.ts'
import type { MirrorTraffic } from './mirror-traffic.ts'
import { NOWHERE } from './service.ts'
import type { Lookup, Service } from './service.ts'

/**
 * Lets one service answer and sends others copies of the requests: after the answer has begun, so that it is neither
 * delayed nor changed by them, whatever they do.
 */
export class MirroringService implements CompositeService<MirroringPlan> {
  readonly kind = 'mirroring'
  readonly handle: Next
  readonly #traffic: MirrorTraffic
  #plan!: MirroringPlan
  #main: Service = NOWHERE
  #mirrors: readonly Mirror[] = []

  constructor(traffic: MirrorTraffic) {
    this.#traffic = traffic
    this.handle = (request) => {
      request.service = this.#plan.service
      const due = this.#due(request)
      return due === undefined ? this.#main.handle(request) : this.#mirrored(request, due)
    }
  }

  get available(): boolean {
    return this.#main.available
  }

  get lastResort(): boolean {
    return this.#main.lastResort
  }

  update(plan: MirroringPlan): void {
    const before = new Map(this.#mirrors.map((mirror) => [mirror.name, mirror]))
    this.#plan = plan
    this.#mirrors = plan.mirrors.map((mirror) =>
      (before.get(mirror.name) ?? new Mirror(mirror)).update(mirror),
    )
  }

  link(lookup: Lookup): void {
    this.#main = lookup(this.#plan.service)
    for (const mirror of this.#mirrors) mirror.service = lookup(mirror.name)
  }

  close(): void {}

  /** The mirrors whose turn it is; undefined when there are none. Upgrades lead to tunnels, which cannot be copied. */
  #due(request: Request): Mirror[] | undefined {
    if (request.upgrade !== undefined || this.#isTooLarge(request)) return undefined
    let due: Mirror[] | undefined
    for (const mirror of this.#mirrors) if (mirror.takesNext()) (due ??= []).push(mirror)
    return due
  }

  #isTooLarge({ body }: Request): boolean {
    const { maxBodySize, mirrorBody } = this.#plan
    return mirrorBody && maxBodySize >= 0 && body?.length !== undefined && body.length > maxBodySize
  }

  #mirrored(request: Request, due: readonly Mirror[]): Response | Promise<Response> {
    const { mirrorBody, maxBodySize } = this.#plan
    const limit = maxBodySize < 0 ? Number.POSITIVE_INFINITY : maxBodySize
    const copy =
      request.body && mirrorBody ? new BodyCopy(request.body, limit, this.#traffic.memory) : undefined
    const answer = this.#main.handle(request)
    const send = (): void =>
      this.#traffic.send(
        request,
        due.map(({ service }) => service),
        copy,
      )
    // Not before the answer is on its way to the client, which is behind the promise callbacks of this turn.
    if (answer instanceof Promise) void answer.then(() => setImmediate(send))
    else setImmediate(send)
    return answer
  }
}

/** A service that gets copies, and how many it has got. */
class Mirror {
  readonly name: string
  service: Service = NOWHERE
  #percent: number
  #seen = 0
  #sent = 0

  constructor({ name, percent }: MirrorPlan) {
    this.name = name
    this.#percent = percent
  }

  update({ percent }: MirrorPlan): this {
    if (percent !== this.#percent) this.#seen = this.#sent = 0
    this.#percent = percent
    return this
  }

  /** Spread evenly: of every hundred requests as many as the percentage says. */
  takesNext(): boolean {
    this.#seen++
    if (this.#sent * 100 >= this.#seen * this.#percent) return false
    this.#sent++
    return true
  }
}
