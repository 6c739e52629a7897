import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import fc from 'fast-check'
import { sameName } from '../../src/proxy/header-list.ts'
import { damaged } from './mutations.ts'
import { REQUEST } from './message-grammar.ts'
import type { Stream } from './message-grammar.ts'
import { readByNode, readByTidegate } from './request-readers.ts'
import type { Read } from './request-readers.ts'

/** Fields that end with a hop, and so are not among those of a request of ours. */
const HOP =
  /^(?:connection|keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|content-length|upgrade|http2-settings|expect)$/i

/** Whatever Tidegate takes for a request, Node takes for the same one: it may refuse more, never accept more. */
export const REQUESTS_AGREE = fc.asyncProperty(damaged(REQUEST, 3), async (stream) => {
  const ours = await readByTidegate(stream)
  if (ours.length === 0) return
  const theirs = await readByNode(stream)
  for (const [i, read] of ours.entries()) {
    if (i > 0 && isLastToNode(theirs[i - 1]!)) return
    // Any token is a method (RFC 9110 §9.1); Node knows a fixed list of them.
    if (!METHODS.includes(read.method)) return
    assertSame(read, theirs[i], stream)
  }
})

/** Node reads nothing behind an upgrade, refused or not, and obeys Proxy-Connection, and Connection as a trailer. */
function isLastToNode({ fields, trailers }: Read): boolean {
  const names = [...pairs(fields), ...pairs(trailers)].map(([name]) => name.toLowerCase())
  const named = pairs(trailers).some(([name]) => sameName(name, 'connection'))
  return named || names.includes('upgrade') || names.includes('proxy-connection')
}

function assertSame(ours: Read, theirs: Read | undefined, stream: Stream): void {
  const shown = JSON.stringify(stream.pieces)
  assert.ok(theirs, `Node sees no such request in ${shown}`)
  assert.equal(ours.method, theirs.method, `method in ${shown}`)
  const absolute = /^https?:\/\/[^/?]*/i.exec(theirs.target)?.[0]
  assert.equal(ours.target, pathOf(theirs, absolute), `target in ${shown}`)
  assertFields(ours, theirs, absolute !== undefined, shown)
  if (ours.state === 'refused') return
  assert.equal(ours.state, theirs.state, `end of the body in ${shown}`)
  assert.equal(ours.body, theirs.body, `body in ${shown}`)
}

function pathOf({ target, method }: Read, absolute: string | undefined): string {
  if (absolute === undefined) return target
  const path = target.slice(absolute.length)
  if (path === '' && method === 'OPTIONS') return '*'
  return path.startsWith('/') ? path : `/${path}`
}

/** The same fields in the same order, but for those that end here. */
function assertFields(ours: Read, theirs: Read, absolute: boolean, shown: string): void {
  const nominated = pairs(theirs.fields)
    .filter(([name]) => sameName(name, 'connection'))
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()))
  // An absolute target overrules Host, and a nominated field goes unless it is one that is kept.
  const compared = ([name]: Pair): boolean =>
    !HOP.test(name) && !(absolute && sameName(name, 'host')) && !nominated.includes(name.toLowerCase())
  assert.deepEqual(
    pairs(ours.fields).filter(compared),
    pairs(theirs.fields).filter(compared),
    `fields in ${shown}`,
  )
}

type Pair = readonly [name: string, value: string]

function pairs(fields: readonly string[]): Pair[] {
  return Array.from({ length: fields.length / 2 }, (_, i) => [fields[2 * i]!, fields[2 * i + 1]!])
}
