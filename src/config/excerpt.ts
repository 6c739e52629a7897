import { styleText } from 'node:util'
import { MASK, maskLine } from './masking.ts'
import { describeOrigin } from './problem.ts'
import type { Origin, Problem } from './problem.ts'

export interface PrintOptions {
  /** Colours are written; for a terminal whose user has not set `NO_COLOR`. */
  readonly color?: boolean
  /** How many problems are printed before the rest is only counted. */
  readonly limit?: number
}

/** Characters of a source line that are shown around the caret. */
const WINDOW = 100

/** Between a line's number and the line. */
const SEPARATOR = ' | '

/** Problems with the line that each is about put under `excerpt`, secrets masked. `texts` is by source. */
export function withExcerpts(
  problems: readonly Problem[],
  texts: ReadonlyMap<string, string>,
  secrets: Iterable<string> = [],
): Problem[] {
  const lines = new Map<string, string[]>()
  const hidden = [...secrets]
  return problems.map((problem) => {
    const { source, line } = problem.origin
    const text = texts.get(source)
    if (line === undefined || text === undefined) return problem
    if (!lines.has(source)) lines.set(source, text.replace(/^\uFEFF/, '').split(/\r?\n/))
    const found = lines.get(source)?.[line - 1]
    return found === undefined ? problem : { ...problem, excerpt: maskLine(found, hidden) }
  })
}

/** All problems as text for people, sorted by place: place, message, source line with a caret, remedy. */
export function printProblems(
  problems: readonly Problem[],
  { color = false, limit = 20 }: PrintOptions = {},
): string {
  const sorted = problems.toSorted((a, b) => compareOrigins(a.origin, b.origin))
  const printed = sorted.slice(0, limit).map((problem) => printProblem(problem, color))
  const rest = sorted.length - printed.length
  if (rest > 0) printed.push(`… and ${rest} more`)
  return printed.join('\n\n')
}

/** One problem, in one to five lines. */
export function printProblem(problem: Problem, color = false): string {
  const paint = (style: 'red' | 'yellow' | 'cyan' | 'dim' | 'bold', text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text
  const { severity, code, message, origin, resource, remedy } = problem
  const kind = paint(severity === 'error' ? 'red' : 'yellow', `${severity} ${code}`)
  const about = resource === undefined ? '' : ` (${printable(resource)})`
  const lines = [
    `${paint('bold', printable(describeOrigin(origin)))}: ${kind}: ${printable(message)}${about}`,
  ]
  const shown = excerptOf(problem) ?? valueOf(problem)
  if (shown) lines.push(`${paint('dim', `${shown.gutter}${SEPARATOR}`)}${shown.text}`)
  if (shown?.space !== undefined) lines.push(`${shown.space}${paint('red', '^'.repeat(shown.carets))}`)
  if (remedy !== undefined) lines.push(`  ${paint('cyan', '→')} ${printable(remedy)}`)
  return lines.join('\n')
}

interface ShownLine {
  readonly gutter: string
  readonly text: string
  /** As wide as everything that stands before the caret; undefined: no caret. */
  readonly space: string | undefined
  readonly carets: number
}

/** The value itself with its caret, where there is no line of a file to show: a rule out of a tag. */
function valueOf({ within }: Problem): ShownLine | undefined {
  if (within === undefined || within.text.length > WINDOW || /[^\P{Cc}]/u.test(within.text)) return undefined
  const { text, offset, length } = within
  const gutter = ' '.repeat(5)
  const space = ' '.repeat(gutter.length + SEPARATOR.length + offset)
  return { gutter, text, space, carets: caretsFor(text, offset, length) }
}

function caretsFor(text: string, at: number, length: number): number {
  return Math.max(1, Math.min(length, text.length - at))
}

function excerptOf({ excerpt, within, origin: { line, column } }: Problem): ShownLine | undefined {
  if (excerpt === undefined || line === undefined || excerpt.trim() === '') return undefined
  const start = Math.min((column ?? 1) - 1, excerpt.length)
  // The value may be written with escapes; the caret then stands at its beginning.
  const value = within === undefined ? -1 : excerpt.indexOf(within.text, start)
  const caret = value < 0 ? start : value + within!.offset
  const carets = value < 0 ? 1 : caretsFor(excerpt, caret, within!.length)
  const from = caret < WINDOW ? 0 : caret - WINDOW / 2
  const window = excerpt.slice(from, from + WINDOW)
  const text = `${from > 0 ? '…' : ''}${printable(window)}${from + WINDOW < excerpt.length ? '…' : ''}`
  const before = window.slice(0, caret - from)
  const gutter = String(line).padStart(5)
  // Behind something masked columns have shifted, and a caret would point at the wrong word.
  if (excerpt.slice(0, caret).includes(MASK)) return { gutter, text, space: undefined, carets: 0 }
  // Tabs stay tabs, so that the caret stands below its character whatever their width.
  const indent = ' '.repeat(gutter.length + SEPARATOR.length + (from > 0 ? 1 : 0))
  return { gutter, text, space: `${indent}${before.replaceAll(/[^\t]/g, ' ')}`, carets }
}

/** Control characters in configuration must not steer the terminal that shows them. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t]/gu, '\uFFFD')
}

function compareOrigins(a: Origin, b: Origin): number {
  const bySource = rank(a) - rank(b) || compareText(a.source, b.source)
  return (
    bySource ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compareText(a.key ?? '', b.key ?? '')
  )
}

/** Files first, then the environment, then flags: the order in which they are laid upon each other. */
function rank({ source }: Origin): number {
  return source === 'flags' ? 2 : source === 'environment' ? 1 : 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
