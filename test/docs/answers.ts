import type { Finished } from './clean-folder.ts'

/** Whether each line of `expected` was printed, in this order; `…` is anything, and a line of it any lines. */
export function answers({ out, err }: Pick<Finished, 'out' | 'err'>, expected: string): boolean {
  const lines = trimmed(`${out}\n${err}`)
  let from = 0
  return trimmed(expected)
    .filter((line) => line !== '…')
    .every((line) => {
      const pattern = patternOf(line)
      const found = lines.findIndex((one, index) => index >= from && pattern.test(one))
      from = found + 1
      return found !== -1
    })
}

function trimmed(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => RegExp.escape(part))
  return new RegExp(`^${parts.join('.*')}$`)
}
