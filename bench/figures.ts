/** What is measured, and in which unit. */
export const MEASURES = {
  cpu: { title: 'µs CPU / request', digits: 1 },
  rate: { title: 'requests/s', digits: 0 },
  p50: { title: 'p50 ms', digits: 2 },
  p99: { title: 'p99 ms', digits: 2 },
  errors: { title: 'errors', digits: 0 },
  offered: { title: 'offered/s', digits: 0 },
  busier: { title: 'busier worker, % of connections', digits: 1 },
  applied: { title: 'ms from write to first request', digits: 0 },
  stall: { title: 'longest stall of a worker, ms', digits: 1 },
  firstRequest: { title: 'ms to first routed request', digits: 0 },
  mebibytes: { title: 'MiB', digits: 1 },
  kibibytes: { title: 'KiB', digits: 2 },
} as const satisfies Record<string, { title: string; digits: number }>

export type Measure = keyof typeof MEASURES

/** One measured quantity of one contestant, a value per round. */
export interface Figure {
  readonly trial: string
  readonly contestant: string
  readonly measure: Measure
  readonly values: readonly number[]
}

/** Gathers values round by round. */
export class Figures {
  readonly #values = new Map<string, Figure & { readonly values: number[] }>()
  /** Why a contestant has no figures in a trial. */
  readonly absent: { readonly trial: string; readonly contestant: string; readonly reason: string }[] = []

  add(trial: string, contestant: string, values: Partial<Record<Measure, number>>): void {
    for (const [measure, value] of Object.entries(values) as [Measure, number][]) {
      // A cost per request, where no request got through.
      if (!Number.isFinite(value)) continue
      const key = `${trial}\0${contestant}\0${measure}`
      const figure = this.#values.get(key) ?? { trial, contestant, measure, values: [] }
      figure.values.push(value)
      this.#values.set(key, figure)
    }
  }

  addAbsent(trial: string, contestant: string, reason: string): void {
    this.absent.push({ trial, contestant, reason })
  }

  get all(): readonly Figure[] {
    return [...this.#values.values()]
  }

  valuesOf(trial: string, contestant: string, measure: Measure): readonly number[] | undefined {
    return this.#values.get(`${trial}\0${contestant}\0${measure}`)?.values
  }
}
