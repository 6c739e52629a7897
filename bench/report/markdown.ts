import type { Figures, Measure } from '../figures.ts'
import { MEASURES } from '../figures.ts'
import type { MachineDescription } from '../machine/description.ts'
import { ratioOf, spreadOf } from '../statistics.ts'
import type { Spread } from '../statistics.ts'
import { judge } from '../targets.ts'
import type { Bound } from '../targets.ts'
import type { Effort, Trial } from '../trial.ts'

export interface Run {
  readonly machine: MachineDescription
  readonly effort: Effort
  readonly trials: readonly Trial[]
  readonly figures: Figures
}

/** The report of a run as Markdown: how it was measured, targets, and a table per trial. */
export function markdownReport(run: Run): string {
  const sections = [
    method(run),
    targets(run.figures),
    ...run.trials.map((trial) => section(trial, run.figures)),
  ]
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`
}

function method({ machine, effort }: Run): string {
  const { date, cpu, cores, kernel, proxyCores, loadCores, loadAverage, versions } = machine
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${date.slice(0, 16).replace('T', ' ')} UTC · ${cpu}, ${cores} cores · Linux ${kernel} · load average before: ${loadAverage.toFixed(2)}`,
    programs.join(' · '),
    `Each proxy has one thread on core ${proxyCores}; load and origin (nginx) are on core ${loadCores}. ` +
      `${effort.rounds} interleaved rounds of ${effort.seconds} s; medians with quartiles. ` +
      'CPU is what the kernel counts for all threads of the proxy, user and system. Ratios are taken round by round.',
  ].join('\n\n')
}

function targets(figures: Figures): string {
  const verdicts = judge(figures)
  if (verdicts.length === 0) return ''
  const rows = verdicts.map(({ target, figure, met }) => [
    target.what,
    spread(figure, 2),
    bound(target.must),
    target.goal ? bound(target.goal) : '',
    met ? 'met' : '**missed**',
  ])
  return `### Targets\n\n${table(['target', 'measured', 'must', 'goal', ''], rows)}`
}

function section({ name, about }: Trial, figures: Figures): string {
  const own = figures.all.filter(({ trial }) => trial === name)
  const absent = figures.absent.filter(({ trial }) => trial === name)
  if (own.length + absent.length === 0) return ''
  const measures = [...new Set(own.map(({ measure }) => measure))].filter((measure) =>
    isTelling(measure, own),
  )
  const contestants = [...new Set(own.map(({ contestant }) => contestant))]
  const reference = contestants.includes('haproxy') ? 'haproxy' : contestants[0]
  const compared = measures.includes('cpu') ? 'cpu' : measures.includes('p99') ? 'p99' : undefined
  const ratioTitle =
    compared && contestants.length > 1 ? [`${compared === 'cpu' ? 'CPU' : 'p99'} × ${reference}`] : []
  const rows = contestants.map((contestant) => [
    contestant,
    ...measures.map((measure) => cell(figures.valuesOf(name, contestant, measure), measure)),
    ...(compared && ratioTitle.length > 0
      ? [ratioCell(figures, name, contestant, reference!, compared)]
      : []),
  ])
  if (measures.length === 0) return `### ${about}\n\n${absent.map(absence).join('\n')}`
  for (const { contestant, reason } of absent) rows.push([contestant, reason])
  return `### ${about}\n\n${table(['', ...measures.map((measure) => MEASURES[measure].title), ...ratioTitle], rows)}`
}

function absence({ contestant, reason }: { contestant: string; reason: string }): string {
  return `- ${contestant}: ${reason}`
}

/** Errors are shown when there are some. */
function isTelling(
  measure: Measure,
  figures: readonly { measure: Measure; values: readonly number[] }[],
): boolean {
  return (
    measure !== 'errors' ||
    figures.some((figure) => figure.measure === 'errors' && figure.values.some((value) => value > 0))
  )
}

function cell(values: readonly number[] | undefined, measure: Measure): string {
  return values ? spread(spreadOf(values), MEASURES[measure].digits) : ''
}

function ratioCell(
  figures: Figures,
  trial: string,
  contestant: string,
  reference: string,
  measure: Measure,
): string {
  const values = figures.valuesOf(trial, contestant, measure)
  const others = figures.valuesOf(trial, reference, measure)
  const ratio = values && others ? ratioOf(values, others) : undefined
  return ratio ? spread(ratio, 2) : ''
}

function spread({ median, low, high }: Spread, digits: number): string {
  const text = (value: number): string =>
    value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return low === high ? text(median) : `${text(median)} [${text(low)} – ${text(high)}]`
}

function bound({ sign, value }: Bound): string {
  return `${sign} ${value}`
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${titles.map((_, index) => cells[index] ?? '').join(' | ')} |`
  const rule = `|${titles.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return [line(titles), rule, ...rows.map(line)].join('\n')
}
