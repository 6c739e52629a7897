/** What is wrong with an expression, and where. */
export interface RuleError {
  /** Which complaint of the table in `config/problem.ts` it is, when the expression is a rule. */
  readonly code: 'E201' | 'E202' | 'E203'
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string
  /** Where it begins, in UTF-16 units from 0. */
  readonly offset: number
  /** In UTF-16 units, at least 1. */
  readonly length: number
}

/** Thrown within this folder only: the parser turns it into a value. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly at: RuleError

  constructor(at: RuleError) {
    super(at.message)
    this.at = at
  }
}

/** A complaint about this place of an expression, to be thrown. */
export function failure(
  place: Pick<RuleError, 'offset' | 'length'>,
  message: string,
  remedy?: string,
  code: RuleError['code'] = 'E201',
): ExpressionError {
  const { offset, length } = place
  return new ExpressionError({ code, message, offset, length, ...(remedy === undefined ? {} : { remedy }) })
}

/** Characters of a long line that are shown. */
const WINDOW = 100

/** The line of the expression that the error is in, and below it a line of carets. */
export function renderRuleError(text: string, { offset, length }: RuleError): string {
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
  const next = text.indexOf('\n', offset)
  const line = text.slice(start, next < 0 ? undefined : next)
  const at = Math.min(offset - start, line.length)
  const from = at < WINDOW ? 0 : at - WINDOW / 2
  const to = Math.min(line.length, from + WINDOW)
  const before = `${from > 0 ? '…' : ''}${printable(line.slice(from, at))}`
  const marked = printable(line.slice(at, Math.min(to, at + length)))
  const behind = `${printable(line.slice(at + marked.length, to))}${to < line.length ? '…' : ''}`
  return `${before}${marked}${behind}\n${' '.repeat(widthOf(before))}${'^'.repeat(Math.max(1, widthOf(marked)))}`
}

/** Tabs would move the carets, and other control characters the terminal. */
function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/\p{Cc}/gu, '\uFFFD')
}

/** In characters as people count them, though wide ones count as one. */
function widthOf(text: string): number {
  return Array.from(text).length
}
