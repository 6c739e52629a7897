import { styleText } from 'node:util'

export type Style = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold'

export interface Cell {
  readonly text: string
  readonly style?: Style | undefined
}

export interface TableOptions {
  /** Characters that fit into a line. */
  readonly width: number
  readonly color: boolean
  /** What is too long in the last column goes on below, instead of being cut. */
  readonly wrapLast?: boolean
}

const GAP = '  '
/** Below this a column says nothing any more. */
const LEAST = 6

/** Rows under their heads, within the width: the widest columns are cut first, and what was cut ends in `…`. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  { width, color, wrapLast = false }: TableOptions,
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)))
  const natural = heads.map((head, i) =>
    Math.max(head.length, ...cells.map((row) => widthOf(printable(row[i]?.text ?? '')))),
  )
  const widths = fitted(natural, width - GAP.length * (heads.length - 1))
  const head = lineOf(
    heads.map((text) => ({ text, style: 'bold' })),
    widths,
    color,
  )
  const rest = cells.flatMap((row) => (wrapLast ? wrapped(row, widths.at(-1)!) : [row]))
  return [head, ...rest.map((row) => lineOf(row, widths, color))].join('\n')
}

function lineOf(row: readonly Cell[], widths: readonly number[], color: boolean): string {
  const cells = row.map(({ text, style }, i) => {
    const cut = cutTo(printable(text), widths[i]!)
    const padding = i === row.length - 1 ? '' : ' '.repeat(widths[i]! - widthOf(cut))
    return paint(cut, style, color) + padding
  })
  return cells.join(GAP).trimEnd()
}

/** The row in as many as its last cell needs; those below have nothing else. */
function wrapped(row: readonly Cell[], width: number): (readonly Cell[])[] {
  const last = row.at(-1)!
  const lines: string[] = ['']
  for (const word of printable(last.text).split(' ')) {
    const line = lines.at(-1)!
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  const others = row.slice(0, -1)
  return lines
    .filter((text, i) => text !== '' || i === lines.length - 1)
    .map((text, i) => [...(i === 0 ? others : others.map(() => ({ text: '' }))), { ...last, text }])
}

/** The text in this style, where colours may be written. */
export function paint(text: string, style: Style | undefined, color: boolean): string {
  return style === undefined || !color ? text : styleText(style, text, { validateStream: false })
}

/** Names come from strangers, and control characters would move the terminal's cursor. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|[\u2028\u2029]/gu, '\uFFFD')
}

function fitted(natural: readonly number[], room: number): number[] {
  const widths = [...natural]
  let surplus = widths.reduce((sum, width) => sum + width, 0) - room
  while (surplus > 0) {
    const widest = Math.max(...widths)
    if (widest <= LEAST) break
    const next = Math.max(LEAST, ...widths.filter((width) => width < widest))
    const those = widths.flatMap((width, i) => (width === widest ? [i] : []))
    for (const i of those) {
      const cut = Math.min(widest - next, Math.ceil(surplus / those.length))
      if (surplus <= 0) break
      widths[i] = widest - Math.max(1, cut)
      surplus -= Math.max(1, cut)
    }
  }
  return widths
}

function cutTo(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`
}

/** In characters as people count them, though wide ones count as one. */
function widthOf(text: string): number {
  return Array.from(text).length
}
