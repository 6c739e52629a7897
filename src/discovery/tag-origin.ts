import { printable } from '../config/printable.ts'
import type { Origin } from '../config/problem.ts'
import type { Instance } from './provider.ts'

/** The last part of keys whose values are never shown: users with their hashes, passwords, tokens, keys. */
const SECRET = /user|passw|secret|token|authori[sz]|credential|key|auth\.(?:basic|digest)|requestheaders\./i
const USER_INFO = /\/\/[^/@\s]*@/g

/** Where what an instance's tag says comes from; the tag as it was written, its secrets cut. */
export function tagOrigin(provider: string, instance: Instance, tag?: string): Origin {
  const origin = { source: provider, instance: instanceLabel(instance) }
  return tag === undefined ? origin : { ...origin, key: shownTag(tag) }
}

/** `id (name)`, fit to be printed. */
export function instanceLabel({ id, name }: Instance): string {
  return `${printable(id)} (${printable(name)})`
}

function shownTag(tag: string): string {
  const split = tag.indexOf('=')
  if (split === -1) return printable(tag)
  const key = tag.slice(0, split)
  return SECRET.test(secretPart(key)) ? `${printable(key)}=***` : printable(tag.replace(USER_INFO, '//***@'))
}

/** What of a key tells whether its value is secret: names of the user's choice, such as `routers.keycloak`, do not. */
function secretPart(key: string): string {
  const parts = key.split('.')
  const headers = parts.findIndex((part) => /requestheaders$/i.test(part))
  return headers === -1
    ? parts
        .slice(-2)
        .join('.')
        .replace(/^(?!auth\.)[^.]*\./i, '')
    : parts.slice(headers).join('.')
}
