import { hash } from 'node:crypto'
import { sameName } from '../proxy/header-list.ts'
import type { Request } from '../proxy/request.ts'
import type { Response } from '../proxy/response.ts'
import type { StickyCookiePlan } from '../server/plan.ts'

const ID_LENGTH = 16
/** Cookies of the right name that are looked at; a client has one, or two when its path or domain was changed. */
const MOST_COOKIES = 8

const EQUALS = 61
const SEMICOLON = 59
const QUOTE = 34
const SPACE = 32
const TAB = 9

/**
 * What a sticky cookie says for whatever has this name: an endpoint's URL, a service's name. As in Traefik, so that
 * sessions outlive the change from one proxy to the other; and nobody reads an address from it.
 */
export function stickyId(name: string): string {
  return hash('sha256', name, 'hex').slice(0, ID_LENGTH)
}

/**
 * The id in the request's cookie: the first that is known, since a client may also send one from a time when the
 * cookie had another path. Whatever else a client sends is passed over: time and memory are bounded by the head's size.
 */
export function readSticky(
  { headers: { fields } }: Request,
  { name }: StickyCookiePlan,
  known: { has(id: string): boolean },
): string | undefined {
  let left = MOST_COOKIES
  for (let i = 0; i < fields.length; i += 2) {
    if (!sameName(fields[i]!, 'cookie')) continue
    const text = fields[i + 1]!
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
      const end = at + name.length
      if (text.charCodeAt(end) !== EQUALS || !beginsPair(text, at)) continue
      if (left-- === 0) return undefined
      const id = idAt(text, end + 1)
      if (id !== undefined && known.has(id)) return id
    }
  }
  return undefined
}

/** Binds the client to what has this id from now on. */
export function writeSticky(response: Response, { name, attributes }: StickyCookiePlan, id: string): void {
  response.headers.append('Set-Cookie', `${name}=${id}${attributes}`)
}

/** Whether nothing but blanks stands between the place and the pair before. */
function beginsPair(text: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && isBlank(text.charCodeAt(before))) before--
  return before < 0 || text.charCodeAt(before) === SEMICOLON
}

/** The value that begins here, when it is as long as an id; in quotes or not (RFC 6265 §4.1.1). */
function idAt(text: string, start: number): string | undefined {
  const quoted = text.charCodeAt(start) === QUOTE
  const begin = quoted ? start + 1 : start
  let end = begin + ID_LENGTH
  if (quoted && text.charCodeAt(end++) !== QUOTE) return undefined
  while (end < text.length && isBlank(text.charCodeAt(end))) end++
  const ends = end === text.length || text.charCodeAt(end) === SEMICOLON
  return ends ? text.slice(begin, begin + ID_LENGTH) : undefined
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
