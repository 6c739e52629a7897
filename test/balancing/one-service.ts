import { LifeCycle } from '../../src/balancing/life-cycle.ts'
import type { LifeSettings, Transition, WantedEndpoint } from '../../src/balancing/life-cycle.ts'
import { DEFAULT_EJECTION } from '../../src/balancing/life/ejection.ts'
import type { OutcomeReport } from '../../src/balancing/outcomes.ts'

/** The lives of the endpoints of one service, `main`, with a clock that the test holds. */
export interface OneService {
  readonly cycle: LifeCycle
  now: number
  workers: number[]
  settings: LifeSettings
  /** What the life cycle has asked for: `watch a`, `probe a`, `unanswered a true`. */
  readonly asked: string[]
  /** Tells what discovery names now, as `key`, `key!` when it is terminating, or `key*5` for a weight. */
  name(...endpoints: readonly string[]): string[]
  drained(worker: number, key: string, version?: number): string[]
  sweep(): string[]
  /** Lets time pass, and works in what that changes. */
  after(milliseconds: number): string[]
  outcome(key: string, report: Partial<OutcomeReport>): string[]
  /** So many failures without an answer. */
  fails(key: string, failures: number): string[]
  succeeds(key: string): string[]
  probe(key: string, passed: boolean): string[]
  /** False when the life cycle does not know it. */
  operator(action: 'drain' | 'undrain', key: string, reason?: string): string[] | false
  /** What the data plane shall hold, as `key` or `key draining`. */
  live(): string[]
}

export function oneService({
  draining = true,
  ...settings
}: Partial<LifeSettings> & { draining?: boolean } = {}): OneService {
  let version = 0
  const asked: string[] = []
  const it: OneService = {
    cycle: new LifeCycle({
      draining,
      now: () => it.now,
      workers: () => it.workers,
      watch: (_, key) => asked.push(`watch ${key}`),
      probe: (_, key) => asked.push(`probe ${key}`),
      unanswered: (_, key, failing) => asked.push(`unanswered ${key} ${failing}`),
    }),
    now: 1_000,
    workers: [1, 2],
    settings: {
      drainTimeout: 30_000,
      slowStart: 0,
      ejection: DEFAULT_EJECTION,
      check: undefined,
      ...settings,
    },
    asked,
    name: (...endpoints) => {
      const service = { settings: it.settings, endpoints: new Map(endpoints.map(wanted)) }
      return told(it.cycle.update(new Map([['main', service]]), ++version))
    },
    drained: (worker, key, at = version) => told(it.cycle.drained(worker, 'main', key, at)),
    sweep: () => told(it.cycle.sweep()),
    after: (milliseconds) => {
      it.now += milliseconds
      return it.sweep()
    },
    outcome: (endpoint, report) =>
      told(it.cycle.outcomes([{ service: 'main', endpoint, ...NOTHING, ...report }])),
    fails: (key, failures) => it.outcome(key, { failures, unanswered: failures }),
    succeeds: (key) => it.outcome(key, { succeeded: true, answered: true }),
    probe: (key, passed) =>
      told(it.cycle.probed('main', key, passed, passed ? 'probe answered 200' : 'probe answered 500')),
    operator: (action, key, reason = '') => {
      const transitions =
        action === 'drain'
          ? it.cycle.drain('main', key, reason, ++version)
          : it.cycle.undrain('main', key, ++version)
      return transitions ? told(transitions) : false
    },
    live: () =>
      [...(it.cycle.live.get('main') ?? [])].map(([key, { state }]) =>
        state === 'ready' ? key : `${key} ${state}`,
      ),
  }
  return it
}

const NOTHING = { succeeded: false, failures: 0, answered: false, unanswered: 0, by: 'connect' } as const

function wanted(text: string): [key: string, endpoint: WantedEndpoint] {
  const [, key = '', weight = '1'] = /^(\w+)(?:\*(\d+))?/.exec(text) ?? []
  const endpoint = {
    url: `http://${key}`,
    tls: false,
    address: '10.0.0.1',
    port: 80,
    authority: key,
    pathPrefix: '',
  }
  return [key, { ...endpoint, weight: Number(weight), terminating: text.endsWith('!') }]
}

export function told(transitions: readonly Transition[]): string[] {
  return transitions.map(({ key, to, reason }) => `${key} ${to}: ${reason}`)
}
