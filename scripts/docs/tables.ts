import type { OptionRow } from './option-rows.ts'

/** A Markdown table; cells may hold anything but line breaks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

/** Text in which `|` ends no cell and `<name>` is no HTML, within code spans and outside. */
function cell(text: string): string {
  const escaped = text.replaceAll('|', String.raw`\|`).replaceAll(/\r?\n/g, ' ')
  return escaped
    .split(/(`[^`]*`|<br>)/)
    .map((part) => (part.startsWith('`') || part === '<br>' ? part : part.replaceAll('<', '&lt;')))
    .join('')
}

/** Name, type, default, and what an option does, with its marks. */
export function optionCells(row: OptionRow): string[] {
  return [`\`${row.path}\``, row.type, defaultCell(row), `${row.notes.doc}${marks(row)}`]
}

function defaultCell(row: OptionRow): string {
  if (row.required) return '**required**'
  return row.default === undefined
    ? '–'
    : row.default === 'none' || row.default === 'empty'
      ? row.default
      : `\`${row.default}\``
}

function marks({ notes, type }: OptionRow): string {
  return [
    notes.kind === 'secret' || type.includes('secret') ? ' *Secret:* shown as `***`.' : '',
    notes.trustedOnly === true ? ' *Not from tags.*' : '',
    notes.pending === undefined ? '' : ' *Listed as a problem, and without effect.*',
  ].join('')
}
