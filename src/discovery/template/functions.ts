import { compileRegex } from '../../config/regex.ts'
import { normalize } from '../names.ts'
import { formatText } from './printf.ts'
import type { Value } from './tree.ts'
import { RenderError, isTrue, joinWithin, listOf, numberOf, replaceWithin, textOf, within } from './values.ts'

export interface TemplateFunction {
  /** Fewest and most arguments, the one from the pipeline included. */
  readonly arity: readonly [least: number, most: number]
  /** `root` is the data of the template. Throws `RenderError`. */
  run(args: readonly Value[], root: ReadonlyMap<string, Value>): Value
}

/**
 * All that a default rule can call: what Go's templates bring, what Traefik's users take from sprig, and the
 * parts of the names. Nothing here reads anything but its arguments and the data.
 */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries<TemplateFunction>({
    app: field('App'),
    tag: field('Tag'),
    env: field('Env'),
    domain: field('Domain'),
    normalize: text1(normalize),
    lower: text1((text) => text.toLowerCase()),
    upper: text1((text) => text.toUpperCase()),
    trim: text1((text) => text.trim()),
    title: text1((text) =>
      text.replace(/(^|\s)(\S)/gu, (_, space: string, letter: string) => space + letter.toUpperCase()),
    ),
    trimPrefix: text2((prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
    trimSuffix: text2((suffix, text) =>
      suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
    ),
    contains: text2((part, text) => text.includes(part)),
    hasPrefix: text2((prefix, text) => text.startsWith(prefix)),
    hasSuffix: text2((suffix, text) => text.endsWith(suffix)),
    replace: of(3, 3, ([old, to, text]) => replaceWithin(textOf(text), textOf(old), textOf(to))),
    regexReplaceAll: of(3, 3, ([source, text, to]) =>
      replaceByRegex(textOf(source), textOf(text), textOf(to)),
    ),
    trunc: of(2, 2, ([length, text]) => truncate(numberOf(length), textOf(text))),
    quote: of(1, Infinity, (args) =>
      joinWithin(
        args.map((arg) => JSON.stringify(textOf(arg))),
        ' ',
      ),
    ),
    splitList: text2((separator, text) => text.split(separator)),
    join: of(2, 2, ([separator, list]) => joinWithin(listOf(list).map(textOf), textOf(separator))),
    first: of(1, 1, ([list]) => listOf(list)[0] ?? null),
    last: of(1, 1, ([list]) => listOf(list).at(-1) ?? null),
    default: of(1, 2, ([fallback, given = null]) => (isTrue(given) ? given : fallback!)),
    coalesce: of(1, Infinity, (args) => args.find(isTrue) ?? null),
    ternary: of(3, 3, ([whenTrue, whenFalse, test]) => (isTrue(test!) ? whenTrue! : whenFalse!)),
    index: of(1, Infinity, ([of, ...keys]) => keys.reduce<Value>(itemAt, of!)),
    len: of(1, 1, ([value]) => lengthOf(value!)),
    not: of(1, 1, ([value]) => !isTrue(value!)),
    // These two stop at the first value that decides; the evaluator sees to that, and gives what was looked at.
    and: of(1, Infinity, (args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1)!),
    or: of(1, Infinity, (args) => args.find(isTrue) ?? args.at(-1)!),
    eq: of(2, Infinity, ([left, ...others]) => others.some((right) => compare(left!, right) === 0)),
    ne: of(2, 2, ([left, right]) => compare(left!, right!) !== 0),
    lt: of(2, 2, ([left, right]) => compare(left!, right!) < 0),
    le: of(2, 2, ([left, right]) => compare(left!, right!) <= 0),
    gt: of(2, 2, ([left, right]) => compare(left!, right!) > 0),
    ge: of(2, 2, ([left, right]) => compare(left!, right!) >= 0),
    print: of(0, Infinity, (args) => joinWithin(args.map(textOf), '')),
    printf: of(1, Infinity, ([format, ...args]) => formatText(textOf(format), args)),
  }),
)

function of(least: number, most: number, run: TemplateFunction['run']): TemplateFunction {
  return { arity: [least, most], run }
}

function field(name: string): TemplateFunction {
  return of(0, 0, (_, root) => root.get(name) ?? '')
}

function text1(change: (text: string) => Value): TemplateFunction {
  return of(1, 1, ([text]) => change(textOf(text)))
}

function text2(change: (option: string, text: string) => Value): TemplateFunction {
  return of(2, 2, ([option, text]) => change(textOf(option), textOf(text)))
}

function replaceByRegex(source: string, text: string, to: string): string {
  try {
    return within(compileRegex(source).replace(within(text, 4_096), within(to, 256)))
  } catch (error) {
    throw error instanceof RenderError
      ? error
      : new RenderError(`regexReplaceAll: ${(error as Error).message}`)
  }
}

/** The first `length` characters, or the last ones when it is negative. */
function truncate(length: number, text: string): string {
  return length < 0 ? text.slice(length) : text.slice(0, length)
}

/** A key that is not there gives an empty text, as in Go's maps of texts. */
function itemAt(value: Value, key: Value): Value {
  if (value instanceof Map) return (value as ReadonlyMap<string, Value>).get(textOf(key)) ?? ''
  const list = listOf(value)
  const item = list[numberOf(key)]
  if (item === undefined) throw new RenderError(`index ${textOf(key)} is out of the list's range`)
  return item
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Map ? value.size : listOf(value).length
}

/** Below, at or above 0. Texts and numbers have an order; other kinds are equal or not. */
function compare(left: Value, right: Value): number {
  if (typeof left !== typeof right) throw new RenderError('values of different kinds cannot be compared')
  if (typeof left === 'object' && left !== null) throw new RenderError('lists and maps cannot be compared')
  return left === right ? 0 : left! < right! ? -1 : 1
}
