import type { MetricName } from './catalogue.ts'

/** What one metric shows now. */
export interface Family {
  readonly name: MetricName
  /** Labels besides those of the catalogue, whose values stand behind theirs. */
  readonly moreLabels?: readonly string[]
  readonly samples: readonly Sample[]
}

export interface Sample {
  /** Values of the labels, in their order. */
  readonly labels: readonly string[]
  /** Of a histogram: how many were observed. */
  readonly value: number
  readonly histogram?: Histogram
}

export interface Histogram {
  /** Growing. */
  readonly bounds: readonly number[]
  /** How many fell into each bucket alone; the last one has no bound. */
  readonly counts: readonly number[]
  readonly sum: number
}

export function single(name: MetricName, value: number): Family {
  return { name, samples: [{ labels: NO_LABELS, value }] }
}

const NO_LABELS: readonly string[] = []

export function histogramSample(
  labels: readonly string[],
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
): Sample {
  const value = counts.reduce((total, count) => total + count, 0)
  return { labels, value, histogram: { bounds, counts, sum } }
}
