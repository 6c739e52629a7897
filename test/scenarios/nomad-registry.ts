import { setTimeout as sleep } from 'node:timers/promises'
import type { NomadServer } from '../peers/nomad-server.ts'
import { startNomad } from '../peers/nomad-server.ts'
import type { Registry } from './fleet.ts'
import type { Discovery } from './rolling-deploy.ts'

/** Milliseconds that a new task needs until its check passes. */
const WARM_UP = 150
/** Milliseconds from the decision of the servers until the machine of the allocation has heard of it. */
const HEARTBEAT = 50

interface Running {
  readonly allocation: string
  readonly registration: string
}

/**
 * Does with allocations what Nomad does in a deploy: a new one is registered before its check passes, an old one is
 * told to stop before its registration is taken back, and ends after that. The server behind is ours.
 */
export class NomadRegistry implements Registry {
  readonly #nomad: NomadServer
  readonly #running = new Map<string, Running>()

  constructor(nomad: NomadServer) {
    this.#nomad = nomad
  }

  register: Registry['register'] = async ({ id = '', name, port = 0, tags = [] }) => {
    const { model } = this.#nomad
    const allocation = model.place({ job: name })
    model.check(allocation, name, 'pending')
    this.#running.set(id, { allocation, registration: model.register(allocation, { name, port, tags }) })
    await sleep(WARM_UP)
    model.check(allocation, name, 'success')
  }

  deregister: Registry['deregister'] = async (id) => {
    const running = this.#running.get(id)
    if (!running) throw new Error(`${id} is not registered`)
    const { model } = this.#nomad
    model.change(running.allocation, { DesiredStatus: 'stop' })
    await sleep(HEARTBEAT)
    model.deregister(running.registration)
    model.change(running.allocation, { ClientStatus: 'complete' })
  }
}

export async function inNomad(): Promise<Discovery> {
  const nomad = await startNomad({ tokens: { secret: ['default'] } })
  const section = '--providers.nomad'
  return {
    registry: new NomadRegistry(nomad),
    flags: [
      `${section}.endpoint.address=${nomad.address}`,
      `${section}.endpoint.token=secret`,
      `${section}.domain=example.com`,
      `${section}.environment=dev`,
    ],
    [Symbol.asyncDispose]: () => nomad[Symbol.asyncDispose](),
  }
}
