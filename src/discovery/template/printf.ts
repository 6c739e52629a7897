import type { Value } from './tree.ts'
import { joinWithin, numberOf, RenderError, textOf } from './values.ts'

const VERB = /%([-+0 #]*)(\d{0,3})(?:\.(\d{1,3}))?([a-zA-Z%])/g

/** Go's `printf` with the verbs `%s %v %q %d %x %t %%` and width. */
export function formatText(format: string, args: readonly Value[]): string {
  const pieces: string[] = []
  let used = 0
  let at = 0
  for (const { index, 0: whole, 1: flags, 2: width, 3: precision, 4: verb } of format.matchAll(VERB)) {
    pieces.push(format.slice(at, index))
    at = index + whole.length
    if (verb === '%') {
      pieces.push('%')
      continue
    }
    if (used >= args.length) throw new RenderError(`printf: no argument is left for ${whole}`)
    const text = formatOne(verb!, args[used++]!, precision)
    const zero = flags!.includes('0') && !flags!.includes('-')
    pieces.push(
      flags!.includes('-') ? text.padEnd(Number(width)) : text.padStart(Number(width), zero ? '0' : ' '),
    )
  }
  if (used < args.length) throw new RenderError('printf: there are more arguments than verbs')
  pieces.push(format.slice(at))
  return joinWithin(pieces, '')
}

function formatOne(verb: string, value: Value, precision: string | undefined): string {
  switch (verb) {
    case 's':
    case 'v':
    case 't': {
      const text = textOf(value)
      return precision === undefined ? text : text.slice(0, Number(precision))
    }
    case 'q':
      return JSON.stringify(textOf(value))
    case 'd':
      return String(numberOf(value))
    case 'x':
      return typeof value === 'string' ? Buffer.from(value).toString('hex') : numberOf(value).toString(16)
    default:
      throw new RenderError(`printf: the verb %${verb} is not supported`)
  }
}
