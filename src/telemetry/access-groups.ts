import type { AccessEntry } from './access-entry.ts'

/** Text of an entry, or of a part of it. */
export type Render = (entry: AccessEntry) => string
/** Whether a part of two entries has the same text. */
export type Same = (a: AccessEntry, b: AccessEntry) => boolean

interface Remembered {
  readonly entry: AccessEntry
  readonly text: string
}

/** Keys whose texts are remembered; clients choose some of them. */
const MOST_KEYS = 1_000
/** Texts of one key. */
const MOST_OF_KEY = 16
/** Longest one: what is longer comes from who wants to fill memory. */
const LONGEST_REMEMBERED = 1_000

/**
 * Makes the text of a part anew only when what it follows from is not what it was: for what has few values. `key`: by
 * which texts are told apart first; a few are remembered for each.
 */
export function remembering(render: Render, key: (entry: AccessEntry) => unknown, same: Same): Render {
  const remembered = new Map<unknown, Remembered[]>()
  let last: Remembered | undefined
  return (entry) => {
    if (last !== undefined && same(last.entry, entry)) return last.text
    const known = remembered.get(key(entry))
    if (known !== undefined) for (const one of known) if (same(one.entry, entry)) return (last = one).text
    const text = render(entry)
    if (text.length > LONGEST_REMEMBERED) return text
    last = { entry: withoutRest(entry), text }
    if (known !== undefined && known.length < MOST_OF_KEY) known.push(last)
    else {
      if (remembered.size >= MOST_KEYS) remembered.clear()
      remembered.set(key(entry), [last])
    }
    return text
  }
}

/** The same for what may have any value, and often has the last one. */
export function rememberingLast(render: Render, same: Same): Render {
  let last: AccessEntry | undefined
  let text = ''
  return (entry) => {
    if (last !== undefined && same(last, entry)) return text
    last = entry
    text = render(entry)
    return text
  }
}

/** One that is kept for long must not keep everything that came with its request. */
function withoutRest(entry: AccessEntry): AccessEntry {
  const dropped = { origin: undefined, requestHeaders: undefined, responseHeaders: undefined }
  return { ...entry, target: '', referer: undefined, userAgent: undefined, ...dropped }
}
