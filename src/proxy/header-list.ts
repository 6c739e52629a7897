/**
 * Header fields in the order and case in which they came, as one flat list: name, value, name, value …
 * Lookups ignore case and compare lengths first, which settles nearly all comparisons (measured: cheaper than a
 * map per message, since a proxy looks up few names and forwards all).
 */
export class HeaderList {
  /** Alternating names and values. Values hold no CR, LF or NUL. */
  readonly fields: string[]

  constructor(fields: string[] = []) {
    this.fields = fields
  }

  /** The first value of `name`, or undefined. */
  get(name: string): string | undefined {
    const at = this.#indexOf(name, 0)
    return at < 0 ? undefined : this.fields[at + 1]
  }

  /** All values of `name`, in order. */
  getAll(name: string): string[] {
    const values: string[] = []
    for (let at = this.#indexOf(name, 0); at >= 0; at = this.#indexOf(name, at + 2))
      values.push(this.fields[at + 1]!)
    return values
  }

  has(name: string): boolean {
    return this.#indexOf(name, 0) >= 0
  }

  /** Makes `value` the only value of `name`; the first field of that name keeps its place. */
  set(name: string, value: string): void {
    const at = this.#indexOf(name, 0)
    if (at < 0) {
      this.fields.push(name, value)
      return
    }
    this.fields[at] = name
    this.fields[at + 1] = value
    this.#deleteFrom(name, at + 2)
  }

  append(name: string, value: string): void {
    this.fields.push(name, value)
  }

  /** Removes all fields of `name`. */
  delete(name: string): void {
    this.#deleteFrom(name, 0)
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let i = 0; i < this.fields.length; i += 2) yield [this.fields[i]!, this.fields[i + 1]!]
  }

  #deleteFrom(name: string, start: number): void {
    let at = this.#indexOf(name, start)
    if (at < 0) return
    const { fields } = this
    for (let i = at + 2; i < fields.length; i += 2) {
      if (sameName(fields[i]!, name)) continue
      fields[at++] = fields[i]!
      fields[at++] = fields[i + 1]!
    }
    fields.length = at
  }

  #indexOf(name: string, start: number): number {
    const { fields } = this
    for (let i = start; i < fields.length; i += 2) if (sameName(fields[i]!, name)) return i
    return -1
  }
}

/** Whether two field names are the same, case ignored (RFC 9110 §5.1). Both are tokens, so ASCII. */
export function sameName(a: string, b: string): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // Letters differ from their other case in bit 0x20 only.
    const lower = x | 0x20
    if (lower !== (y | 0x20) || lower < 97 || lower > 122) return false
  }
  return true
}
