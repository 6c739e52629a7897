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
}

const GAP = '  '
/** Below this a column says nothing any more. */
const LEAST = 6

/** Rows under their heads, within the width: the widest columns are cut first, and what was cut ends in `…`. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  { width, color }: TableOptions,
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)))
  const natural = heads.map((head, i) =>
    Math.max(head.length, ...cells.map((row) => widthOf(printable(row[i]?.text ?? '')))),
  )
  const widths = fitted(natural, width - GAP.length * (heads.length - 1))
  const line = (row: readonly Cell[]): string =>
    row
      .map(({ text, style }, i) => {
        const cut = cutTo(printable(text), widths[i]!)
        const padding = i === row.length - 1 ? '' : ' '.repeat(widths[i]! - widthOf(cut))
        return paint(cut, style, color) + padding
      })
      .join(GAP)
      .trimEnd()
  const head = line(heads.map((text) => ({ text, style: 'bold' })))
  return [head, ...cells.map(line)].join('\n')
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
