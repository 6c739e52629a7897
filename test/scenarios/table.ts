import { appendFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { Tally } from '../support/load-tally.ts'

/** One line of the table of all scenarios. */
export interface Row {
  readonly scenario: string
  /** Requests of the load, and how many of them failed, by cause. */
  readonly load: string
  /** What else was seen: times, counts. */
  readonly seen: string
}

/** Where `npm run scenarios` collects the rows. */
const FILE = process.env['SCENARIOS_TABLE']

/** Shows what a scenario saw, and enters it in the table when there is one. */
export function enter(t: TestContext, scenario: string, tally: Tally, seen = ''): void {
  for (const line of [...String(tally).split('\n'), ...(seen === '' ? [] : [seen])]) t.diagnostic(line)
  if (FILE === undefined) return
  const row: Row = { scenario, load: loadOf(tally), seen }
  appendFileSync(FILE, `${JSON.stringify(row)}\n`)
}

/** `12,000: 0 failed`, or with causes: `2,000: 3 failed (POST 502 (UC) 3)`. */
function loadOf({ ended, failed, causes }: Tally): string {
  const wrong = [...causes].filter(([cause]) => !cause.endsWith(' ok'))
  const list = wrong.map(([cause, times]) => `${cause} ${times.toLocaleString('en')}`).join(', ')
  const counts = `${ended.toLocaleString('en')}: ${failed.toLocaleString('en')} failed`
  return list === '' ? counts : `${counts} (${list})`
}

/** The table as Markdown. */
export function markdown(rows: readonly Row[]): string {
  const lines = rows.map(({ scenario, load, seen }) => `| ${scenario} | ${load} | ${seen} |`)
  return ['| scenario | requests | seen |', '|---|---|---|', ...lines].join('\n')
}
