import { STATUS_CODES } from 'node:http'
import type { WhyCode } from '../../src/proxy/why.ts'
import { WHY } from '../../src/proxy/why.ts'
import type { EngineSketch } from '../support/engine.ts'
import { ownFields } from '../support/engine.ts'
import { ok } from '../support/raw-upstream.ts'

/**
 * One thing that happens to one side: it sends these bytes, has got exactly these bytes since it was last asked, ends
 * or resets its connection. `upstream, next`: from here on the upstream's next connection is meant.
 */
export type Step =
  | readonly ['client' | 'upstream', 'sends' | 'gets', string]
  | readonly ['client' | 'upstream', 'ends' | 'resets']
  | readonly ['upstream', 'next']

/** What has become of the client's connection; `left`: it was the client that closed it. */
export type ClientFate = 'kept' | 'closed' | 'reset' | 'left'
/** What has become of the connections to the upstream; `none`: there was not even one. */
export type UpstreamFate = 'kept' | 'closed' | 'none'

/** A raw exchange, and the three things that are to come of it. Strings are latin1. */
export interface Case {
  readonly name: string
  /** What the client sends at once, or step by step with what the upstream does. */
  readonly send: string | readonly Step[]
  /** What the upstream answers to each whole request; with steps it answers nothing by itself. */
  readonly answer?: string
  /** What the upstream does behind its answer. */
  readonly behind?: 'end' | 'reset'
  readonly engine?: EngineSketch
  /** Every byte that the client gets, without `Date` lines. */
  readonly client: string
  /** Every byte that the upstream gets, over all its connections. */
  readonly upstream: string
  readonly fate: readonly [client: ClientFate, upstream: UpstreamFate]
}

/** What stands behind many a case: a request that must never be one. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

export function get(fields = '', target = '/'): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
}

export function post(fields: string, body = ''): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`
}

/** A request as it goes to the upstream: `fields` came from the client, `framing` is the proxy's own. */
export function sent(line: string, fields = '', framing = '', body = ''): string {
  return `${line} HTTP/1.1\r\nHost: a\r\n${fields}${ownFields('a')}${framing}\r\n${body}`
}

/** `GET /` as it goes to the upstream. */
export function sentGet(fields = '', target = '/'): string {
  return sent(`GET ${target}`, fields)
}

/** An answer of the proxy's own, without its `Date` line. */
export function own(why: WhyCode, connection: 'close' | 'kept' = 'close', bodiless = false): string {
  const { status, text } = WHY[why]
  const fields = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    `Tidegate-Why: ${why}`,
    `Content-Length: ${text.length}`,
    ...(connection === 'close' ? ['Connection: close'] : []),
  ]
  return `${fields.join('\r\n')}\r\n\r\n${bodiless ? '' : text}`
}

/** Refused whole: one answer and the end, and not even a connection to the upstream. */
export function refused(name: string, send: string, why: WhyCode = 'BR', engine: EngineSketch = {}): Case {
  return { name, send: send + SMUGGLED, engine, client: own(why), upstream: '', fate: ['closed', 'none'] }
}

/** Passed on as these bytes, answered, and both connections can be used again. */
export function passed(name: string, send: string, upstream: string, engine: EngineSketch = {}): Case {
  return { name, send, engine, client: ok(), upstream, fate: ['kept', 'kept'] }
}

/** What the client gets for `GET /` when the upstream answers this. */
export function relayed(
  name: string,
  answer: string,
  client: string,
  fate: Case['fate'] = ['kept', 'kept'],
  behind?: 'end' | 'reset',
): Case {
  const after = behind === undefined ? {} : { behind }
  return { name, send: get(), answer, client, upstream: sentGet(), fate, ...after }
}
