import { METRICS } from './catalogue.ts'
import type { MetricDefinition } from './catalogue.ts'
import type { Family, Histogram, Sample } from './family.ts'

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Families in the text format 0.0.4 of Prometheus; names begin with `prefix` and an underscore. */
export function prometheusText(families: Iterable<Family>, prefix: string): string {
  const lines: string[] = []
  for (const family of families) addFamily(lines, family, prefix)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** One without samples is not shown at all. */
function addFamily(lines: string[], { name, moreLabels = [], samples }: Family, prefix: string): void {
  if (samples.length === 0) return
  const definition: MetricDefinition = METRICS[name]
  const full = definition.bare ? name : `${prefix}_${name}`
  const labels = [...definition.labels, ...moreLabels]
  lines.push(`# HELP ${full} ${escapeHelp(definition.help)}`, `# TYPE ${full} ${definition.type}`)
  for (const sample of samples) addSample(lines, full, labels, sample)
}

function addSample(lines: string[], name: string, labels: readonly string[], sample: Sample): void {
  const pairs = pairsOf(labels, sample.labels)
  if (sample.histogram) addHistogram(lines, name, pairs, sample.histogram)
  else lines.push(`${name}${braced(pairs)} ${number(sample.value)}`)
}

function addHistogram(
  lines: string[],
  name: string,
  pairs: string,
  { bounds, counts, sum }: Histogram,
): void {
  const before = pairs === '' ? '' : `${pairs},`
  let count = 0
  counts.forEach((more, bucket) => {
    count += more
    const bound = bounds[bucket]
    lines.push(`${name}_bucket{${before}le="${bound === undefined ? '+Inf' : number(bound)}"} ${count}`)
  })
  lines.push(`${name}_sum${braced(pairs)} ${number(sum)}`, `${name}_count${braced(pairs)} ${count}`)
}

function pairsOf(names: readonly string[], values: readonly string[]): string {
  let pairs = ''
  for (let i = 0; i < names.length; i++)
    pairs += `${i === 0 ? '' : ','}${names[i]}="${escapeValue(values[i] ?? '')}"`
  return pairs
}

function braced(pairs: string): string {
  return pairs === '' ? '' : `{${pairs}}`
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (Number.isFinite(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}

const TO_ESCAPE = /[\\\n"]/g
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': String.raw`\\`,
  '\n': String.raw`\n`,
  '"': String.raw`\"`,
}

function escapeValue(text: string): string {
  return text.replace(TO_ESCAPE, (character) => ESCAPES[character]!)
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => ESCAPES[character]!)
}
