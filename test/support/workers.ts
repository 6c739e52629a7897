import { BroadcastChannel } from 'node:worker_threads'
import type { OutcomeReport } from '../../src/balancing/outcomes.ts'
import type { HostEvents } from '../../src/server/data-plane-host.ts'
import type { WorkerSettings } from '../../src/server/entry-point-settings.ts'
import type { MeterSettings } from '../../src/server/data-plane/request-meters.ts'
import { MeterLedger } from '../../src/server/metrics/meter-ledger.ts'
import { holdAddress } from '../../src/server/held-address.ts'
import { EMPTY_PLAN, planDelta } from '../../src/server/plan-delta.ts'
import type { EndpointPlan, Plan, RouterPlan } from '../../src/server/plan.ts'
import { connectionCaps } from '../../src/server/connection-gate.ts'
import { WorkerHost } from '../../src/server/worker-host.ts'
import type { WorkerHostOptions } from '../../src/server/worker-host.ts'
import { cellSize } from '../../src/telemetry/metrics/cell-pool.ts'
import { ENGINE_SETTINGS, endpointPlan, ruleOf } from './engine.ts'
import type { ProbeAnswer, ProbeQuestion } from './worker-probe.ts'

const PROBE = new URL('./worker-probe.ts', import.meta.url).href

type Caps = Parameters<typeof connectionCaps>[0]
type WorkersSketch = Partial<Omit<WorkerHostOptions, 'settings'>> & {
  readonly caps?: Caps
  readonly meters?: MeterSettings
}

/** Workers before one service; to be disposed of. */
export async function startWorkers(
  origin: { readonly port: number },
  options: WorkersSketch = {},
): Promise<Workers> {
  const workers = new Workers(options)
  await workers.apply(planOf(1, [['main', origin.port]]))
  await workers.listen()
  return workers
}

/** Real worker threads, with what they report and a probe in each. */
export class Workers implements AsyncDisposable {
  readonly host: WorkerHost
  port = 0
  readonly died: string[] = []
  readonly failed: string[] = []
  readonly outcomes: OutcomeReport[] = []
  readonly drained: { worker: number; endpoint: string; version: number }[] = []
  /** What they count, with buckets of four bounds. */
  readonly ledger = new MeterLedger(cellSize(4))
  #plan: Plan = EMPTY_PLAN
  readonly #questions = new BroadcastChannel('worker probe')
  readonly #answers = new BroadcastChannel('worker probe answers')

  constructor({ caps, meters, ...options }: WorkersSketch) {
    const events: HostEvents = {
      drained: (worker, _service, endpoint, version) => this.drained.push({ worker, endpoint, version }),
      outcomes: (reports) => this.outcomes.push(...reports),
      accessLog: () => {},
      meters: (worker, news) => this.ledger.heard(worker, news),
      metricsPage: () => '',
      failed: (where, message) => this.failed.push(`${where}: ${message}`),
      died: (worker, reason) => {
        this.ledger.died(worker)
        this.died.push(reason)
      },
    }
    const { workers = 2 } = options
    this.host = new WorkerHost(
      {
        workers,
        settings: { ...settingsWith(caps, workers), meters },
        execArgv: ['--import', PROBE],
        ...options,
      },
      events,
    )
  }

  async apply(plan: Plan): Promise<void> {
    const delta = planDelta(this.#plan, plan)
    this.#plan = plan
    this.ledger.planned(plan, { routers: delta.routers.keys(), services: delta.services.keys() })
    await this.host.apply(delta, plan)
  }

  async listen(): Promise<void> {
    const held = await holdAddress({ entryPoint: 'web', host: '127.0.0.1', port: 0 })
    this.port = held.address.port
    await this.host.listen([held])
  }

  get connections(): readonly number[] {
    return this.host.stats().map(({ connections }) => connections)
  }

  /** All workers act on it, or just one, whichever is first. */
  tell(question: ProbeQuestion, one = false): void {
    this.#questions.postMessage({ question, taken: one ? new SharedArrayBuffer(4) : null })
  }

  /** Longest stall of each worker's event loop since `reset`, in milliseconds. */
  async delays(): Promise<number[]> {
    return (await this.#ask('delay')).map(({ delay = 0 }) => delay)
  }

  /** What each worker has loaded. */
  async modules(): Promise<(readonly string[])[]> {
    return (await this.#ask('modules')).map(({ modules = [] }) => modules)
  }

  async #ask(question: ProbeQuestion): Promise<ProbeAnswer[]> {
    const answers: ProbeAnswer[] = []
    const all = new Promise<void>((resolve) => {
      this.#answers.onmessage = (event) => {
        answers.push((event as { data: unknown }).data as ProbeAnswer)
        if (answers.length === this.host.workers.length) resolve()
      }
    })
    this.tell(question)
    await all
    return answers
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#questions.close()
    this.#answers.close()
    await this.host.close()
  }
}

function settingsWith(caps: Caps = {}, workers: number): WorkerSettings {
  const entryPoints = ENGINE_SETTINGS.entryPoints.map((one) => ({
    ...one,
    caps: connectionCaps(caps, workers),
  }))
  return { ...ENGINE_SETTINGS, entryPoints }
}

/** Routers `name` for the host `name.test` (`main` takes every host), each with a service of so many endpoints. */
export function planOf(
  version: number,
  services: readonly (readonly [name: string, ...ports: number[]])[],
): Plan {
  const router = (name: string): RouterPlan => ({
    entryPoints: ['web'],
    rule: ruleOf(name === 'main' ? 'PathPrefix(`/`)' : `Host(\`${name}.test\`)`),
    priority: name === 'main' ? 1 : 10,
    rank: 0,
    middlewares: [],
    service: name,
  })
  const endpoints = (ports: readonly number[]): Map<string, EndpointPlan> =>
    new Map(ports.map((port, i) => [`e${i}`, endpointPlan({ port })]))
  return {
    version,
    routers: new Map(services.map(([name]) => [name, router(name)])),
    middlewares: new Map(),
    transports: new Map(),
    services: new Map(
      services.map(([name, ...ports]) => [
        name,
        { kind: 'loadBalancer', strategy: 'wrr', passHostHeader: true, endpoints: endpoints(ports) },
      ]),
    ),
  }
}
