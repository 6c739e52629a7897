import { METRICS } from './catalogue.ts'
import type { MetricDefinition } from './catalogue.ts'
import { histogramSample } from './family.ts'
import type { Family, Sample } from './family.ts'

/** A metric as one number, where there are no labels: none when it has no samples. */
export function withoutLabels({ name, samples }: Family): readonly Sample[] {
  const [first] = samples
  if (first === undefined) return []
  if (first.histogram) return [sumOfHistograms(samples)]
  const { untagged = 'sum' }: MetricDefinition = METRICS[name]
  const values = samples.map(({ value }) => value)
  return [{ labels: [], value: COMBINED[untagged](values) }]
}

const COMBINED = {
  sum: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0),
  least: (values: readonly number[]) => values.reduce((least, value) => Math.min(least, value)),
  most: (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value)),
}

function sumOfHistograms(samples: readonly Sample[]): Sample {
  const { bounds, counts } = samples[0]!.histogram!
  const sums = counts.map((_, bucket) =>
    samples.reduce((sum, { histogram }) => sum + histogram!.counts[bucket]!, 0),
  )
  const sum = samples.reduce((total, { histogram }) => total + histogram!.sum, 0)
  return histogramSample([], bounds, sums, sum)
}
