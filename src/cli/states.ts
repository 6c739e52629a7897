import type { Cell, Style } from './table.ts'

const STYLES: Readonly<Record<string, Style>> = {
  enabled: 'green',
  ready: 'green',
  ok: 'green',
  warning: 'yellow',
  warming: 'yellow',
  draining: 'yellow',
  stale: 'yellow',
  starting: 'yellow',
  disabled: 'red',
  unhealthy: 'red',
  ejected: 'red',
  failing: 'red',
  gone: 'dim',
}

/** A state or status in the colour of how good it is. */
export function statusCell(status: string): Cell {
  return { text: status, style: STYLES[status] }
}

/** `12 s`, `3 min`, `5 h`, `2 d`: how long something is so, for people. */
export function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`
}
