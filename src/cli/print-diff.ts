import { styleText } from 'node:util'
import { printable } from '../config/printable.ts'
import { isEmptyDiff } from './routing-diff.ts'
import type { Change, RoutingDiff } from './routing-diff.ts'

const SIGNS = { added: '+', changed: '~', removed: '-' } as const
const COLORS = { added: 'green', changed: 'yellow', removed: 'red' } as const

/** The differences for people, coloured on a terminal. */
export function printDiff(diff: RoutingDiff, url: string, color: boolean): string {
  if (isEmptyDiff(diff)) return `no difference to what runs at ${url}\n`
  const parts = Object.entries(diff).flatMap(([kind, found]: [string, readonly Change[]]) =>
    found.length === 0
      ? []
      : [`${kind}: ${countsOf(found)}`, ...found.flatMap((one) => printChange(one, color))],
  )
  return `compared with what runs at ${url}:\n${parts.join('\n')}\n`
}

/** `1 added, 2 removed` */
function countsOf(found: readonly Change[]): string {
  const counts = Object.keys(SIGNS).map(
    (change) => [found.filter((one) => one.change === change).length, change] as const,
  )
  return counts
    .filter(([count]) => count > 0)
    .map(([count, change]) => `${count} ${change}`)
    .join(', ')
}

function printChange({ name, change, about, options }: Change, color: boolean): string[] {
  const paint = (text: string): string =>
    color ? styleText(COLORS[change], text, { validateStream: false }) : text
  const head = `  ${SIGNS[change]} ${plain(name)}`
  if (change !== 'changed') return [paint(`${head}${about === '' ? '' : `  ${plain(about)}`}`)]
  return [
    paint(head),
    ...options.map(({ path, from, to }) => `      ${path}: ${valueText(from)} → ${valueText(to)}`),
  ]
}

function valueText(value: unknown): string {
  if (value === undefined) return 'nothing'
  return plain(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Names and rules come from whoever registers a service, and must not steer the terminal. Letters. */
const LONGEST = 2_000

function plain(text: string): string {
  return printable(text, LONGEST)
}
