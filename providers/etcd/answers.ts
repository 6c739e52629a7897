import { list, record, text, UnsoundAnswerError } from '../parts/json-shapes.ts'
import { EtcdError } from './errors.ts'

export interface Header {
  /** Names the data: members of another cluster have another. */
  readonly cluster: string
  /** Grows with every change of any key. */
  readonly revision: bigint
}

export interface RangeAnswer {
  readonly header: Header
  readonly pairs: readonly (readonly [key: Buffer, value: string])[]
  /** There are more keys than were asked for. */
  readonly more: boolean
}

export interface KeyEvent {
  readonly key: string
  /** Undefined when the key was deleted. */
  readonly value: string | undefined
  readonly revision: bigint
}

export interface WatchMessage {
  readonly revision: bigint | undefined
  readonly events: readonly KeyEvent[]
  readonly canceled: boolean
  readonly reason: string
  /** The revision from which on etcd still knows what happened, when the watch asked for an older one. */
  readonly compacted: bigint | undefined
}

/** @throws UnsoundAnswerError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new UnsoundAnswerError('the answer is no JSON')
  }
}

export function parseToken(body: unknown): string {
  return text(record(body, 'the answer')['token'], 'the token')
}

export function parseRange(body: unknown): RangeAnswer {
  const answer = record(body, 'the answer')
  const header = record(answer['header'], 'the header')
  return {
    header: {
      cluster: text(header['cluster_id'], 'the cluster'),
      revision: number(header['revision'], 'the revision'),
    },
    pairs: list(answer['kvs'] ?? [], 'the list of keys').map((one) => {
      const pair = record(one, 'a key')
      return [bytes(pair['key'], 'a key'), bytes(pair['value'] ?? '', 'a value').toString()] as const
    }),
    more: answer['more'] === true,
  }
}

/** @throws EtcdError when the stream says that it broke; UnsoundAnswerError */
export function parseWatch(body: unknown): WatchMessage {
  const message = record(body, 'a message')
  if (message['error'] !== undefined) throw streamError(message['error'])
  const result = record(message['result'], 'a message')
  const header = record(result['header'] ?? {}, 'the header')
  const compacted = result['compact_revision']
  return {
    revision: header['revision'] === undefined ? undefined : number(header['revision'], 'the revision'),
    events: list(result['events'] ?? [], 'the list of events').map(parseEvent),
    canceled: result['canceled'] === true,
    reason: text(result['cancel_reason'] ?? '', 'the reason'),
    compacted: compacted === undefined ? undefined : number(compacted, 'the revision'),
  }
}

function parseEvent(value: unknown): KeyEvent {
  const event = record(value, 'an event')
  const pair = record(event['kv'], 'the key of an event')
  return {
    key: bytes(pair['key'], 'a key').toString(),
    value: event['type'] === 'DELETE' ? undefined : bytes(pair['value'] ?? '', 'a value').toString(),
    revision: number(pair['mod_revision'], 'the revision of an event'),
  }
}

function streamError(value: unknown): EtcdError {
  const error = record(value, 'an error')
  const { message, grpc_code: code } = error
  return new EtcdError(
    typeof message === 'string' ? message : 'the watch broke',
    200,
    typeof code === 'number' ? code : undefined,
  )
}

function bytes(value: unknown, what: string): Buffer {
  return Buffer.from(text(value, what), 'base64')
}

/** 64-bit numbers are written as text. */
function number(value: unknown, what: string): bigint {
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw new UnsoundAnswerError(`${what} is not a number`)
}
