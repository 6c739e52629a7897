import { LineCounter, parseDocument } from 'yaml'
import { guarded, syntaxProblem } from './parsed.ts'
import type { Parsed } from './parsed.ts'
import { originIn, treeOf } from './yaml.ts'

/** Strict JSON: `JSON.parse` decides what is valid, and the YAML parser, a superset, then gives the positions. */
export function parseJson(text: string, file: string): Parsed {
  return guarded(file, () => {
    const lines = lineCounterOf(text)
    const fault = jsonFault(text)
    if (fault) {
      return {
        node: undefined,
        problems: [syntaxProblem(fault.message, originIn(file, lines)(fault.offset))],
      }
    }
    const document = parseDocument(text, { schema: 'json', uniqueKeys: false, prettyErrors: false })
    return treeOf(document, originIn(file, lines))
  })
}

/** What is wrong with a text as JSON, or undefined. The text itself is never quoted beyond one character. */
function jsonFault(text: string): { message: string; offset: number } | undefined {
  const message = parseMessage(text)
  if (message === undefined) return undefined
  const [, what, position] = /^(.*?)(?: in JSON)?(?: after JSON)? at position (\d+)/.exec(message) ?? []
  if (what !== undefined) return { message: `not JSON: ${lowerFirst(what)}`, offset: Number(position) }
  if (!isUnexpectedToken(message))
    return { message: 'not JSON: the text ends too early', offset: text.length }
  const offset = offsetOfToken(text)
  return { message: `not JSON: unexpected ${JSON.stringify(text.charAt(offset))}`, offset }
}

/**
 * V8 names no position for an unexpected token. It is the last character of the shortest prefix that is refused
 * for a token: every shorter prefix is refused for having ended, if at all.
 */
function offsetOfToken(text: string): number {
  let low = 1
  let high = text.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isUnexpectedToken(parseMessage(text.slice(0, middle)))) high = middle
    else low = middle + 1
  }
  return low - 1
}

function parseMessage(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function isUnexpectedToken(message: string | undefined): boolean {
  return message?.startsWith('Unexpected token') === true
}

function lineCounterOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) lines.addNewLine(i + 1)
  return lines
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
