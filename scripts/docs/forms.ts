import type { OptionRow } from './option-rows.ts'

/** The option of the static configuration as a flag, such as `--entryPoints.<name>.address=…`. */
export function flagOf({ path }: OptionRow): string {
  return `--${path}=…`
}

/** The same as a variable, such as `TIDEGATE_ENTRYPOINTS_<NAME>_ADDRESS`. */
export function variableOf({ path }: OptionRow): string {
  return `TIDEGATE_${path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .replaceAll('.', '_')
    .toUpperCase()}`
}

/** An option of the dynamic configuration as a tag; undefined when tags may not give it. */
export function tagOf(root: string, row: OptionRow): string | undefined {
  // Tags describe the one instance that carries them, as `server`.
  if (row.path.startsWith('servers')) return undefined
  if (
    row.notes.trustedOnly === true ||
    row.notes.pending !== undefined ||
    (row.group && !row.type.startsWith('names'))
  )
    return undefined
  const name = row.type.startsWith('names') && !row.group ? '.<name>' : ''
  return `tidegate.http.${root}.${row.path}${name}=…`
}
