import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../test/peers/free-ports.ts'
import { PeerProcess } from '../../test/peers/peer-process.ts'
import type { Protocol } from '../ask.ts'
import { ask } from '../ask.ts'
import { pinned } from '../machine/pinning.ts'
import { PATHS } from '../origin.ts'
import type { Programs } from '../programs.ts'
import type { Certificate } from './certificate.ts'
import type { Contestant, Setting } from './contestant.ts'
import { hostName } from './contestant.ts'

export interface Surroundings {
  readonly folder: string
  readonly programs: Programs
  readonly origin: number
  readonly certificate: Certificate
}

const LONGEST_START_MS = 60_000
const EVERY_MS = 2

/** A contestant that serves; disposing of it ends it by its process. */
export class RunningProxy implements AsyncDisposable {
  readonly contestant: Contestant
  readonly setting: Setting
  /** Milliseconds from its start to the first request that it routed. */
  readonly startedIn: number
  readonly #process: PeerProcess
  readonly #refusals = new Map<Protocol, Promise<string | undefined>>()

  constructor(contestant: Contestant, setting: Setting, process: PeerProcess, startedIn: number) {
    this.contestant = contestant
    this.setting = setting
    this.startedIn = startedIn
    this.#process = process
  }

  get pid(): number {
    return this.#process.pid
  }

  portOf(protocol: Protocol): number {
    return protocol === 'plain' ? this.setting.ports.http : this.setting.ports.https
  }

  /** Why it does not serve a protocol; undefined when it does. It is asked once. */
  refusal(protocol: Protocol): Promise<string | undefined> {
    const known = this.#refusals.get(protocol) ?? this.#tryOut(protocol)
    this.#refusals.set(protocol, known)
    return known
  }

  async #tryOut(protocol: Protocol): Promise<string | undefined> {
    const question = { port: this.portOf(protocol), protocol, host: hostName(0), path: PATHS['100b'].path }
    try {
      const { status } = await ask(question)
      return status === 200 ? undefined : `answered ${status}`
    } catch {
      return 'not there'
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end('SIGTERM')
  }
}

/** Starts a contestant and waits for its first routed answer. @throws Error with what it said when none comes */
export async function startProxy(contestant: Contestant, surroundings: Surroundings): Promise<RunningProxy> {
  const { programs, origin, certificate } = surroundings
  const folder = await ownFolder(contestant, surroundings)
  const [http = 0, https = 0] = await freePorts(2)
  const setting: Setting = { folder, programs, origin, certificate, ports: { http, https } }
  const [program, ...args] = pinned(contestant.place ?? 'proxy', await contestant.configure(setting))
  const start = performance.now()
  const process = new PeerProcess(program, args)
  try {
    await untilRouted(contestant, process, http)
    return new RunningProxy(contestant, setting, process, performance.now() - start)
  } catch (error) {
    await process.end('SIGKILL')
    throw error
  }
}

async function ownFolder({ name }: Contestant, { folder }: Surroundings): Promise<string> {
  await mkdir(folder, { recursive: true })
  return await mkdtemp(join(folder, `${name.replaceAll(/[^a-z0-9]+/g, '-')}-`))
}

async function untilRouted({ name, routers }: Contestant, process: PeerProcess, port: number): Promise<void> {
  const question = { port, protocol: 'plain', host: hostName(routers - 1), path: PATHS['100b'].path } as const
  const deadline = performance.now() + LONGEST_START_MS
  while (performance.now() < deadline) {
    const answer = await ask(question).catch(() => undefined)
    if (answer?.status === 200) return
    if (!process.running) throw new Error(`${name} ended at its start:\n${process.output}`)
    await sleep(EVERY_MS)
  }
  throw new Error(`${name} routed nothing within ${LONGEST_START_MS / 1_000} s:\n${process.output}`)
}
