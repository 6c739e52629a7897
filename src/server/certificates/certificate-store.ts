import { randomBytes } from 'node:crypto'
import { describeOrigin } from '../../config/problem.ts'
import type { Problem } from '../../config/problem.ts'
import type { CertificateDefinition } from '../../discovery/certificate-definitions.ts'
import { complain } from '../../discovery/complaint.ts'
import type { CertificatePlan, TlsPlan } from '../plan.ts'
import { readCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { lookAt, readText } from './pem-files.ts'
import { selfSigned } from './self-signed.ts'

/** Milliseconds between two looks at the files; a change is read when it has come to rest, at the look after it. */
const LOOK_EVERY = 500
/** Milliseconds for which one key seals session tickets: whoever steals it can read no more than that. */
const TICKET_KEY_LIFE = 12 * 60 * 60 * 1_000

/** One definition and what its files held. */
interface Entry {
  definition: CertificateDefinition
  /** How the files looked at the last look; undefined before the first. */
  seen: string | undefined
  /** How the files looked when they were read. */
  read: string | undefined
  /** The last pair that was good. */
  good: Certificate | undefined
  problem: Problem | undefined
  /** It has been read, well or badly. */
  done: boolean
}

/**
 * The certificates of all definitions, read here and followed: files that change are read again, and a pair that is
 * no good leaves the one before it in place. Workers get what is read as part of their plan, and never a path.
 */
export class CertificateStore {
  readonly #onChange: () => void
  readonly #entries = new Map<string, Entry>()
  #generated: Certificate | undefined
  #ticketKey: Uint8Array | undefined
  #ticketKeyAt = 0
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<boolean> = Promise.resolve(false)
  #plan: TlsPlan | undefined
  #closed = false

  /** `onChange` is called when files have changed what is to be served. */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Takes these definitions over and reads those that are new. Never rejects: what fails is a problem. */
  async use(definitions: readonly CertificateDefinition[]): Promise<void> {
    const wanted = new Set(definitions.map(keyOf))
    for (const [key, entry] of this.#entries) if (!wanted.has(key)) this.#forget(key, entry)
    for (const definition of definitions) {
      const entry = this.#entries.get(keyOf(definition))
      if (entry) entry.definition = definition
      else this.#entries.set(keyOf(definition), this.#entryOf(definition))
    }
    if (this.#unread) await this.#look(true)
    this.#arm()
  }

  /** Some have never been read to their end, though a look at them may be under way. */
  get #unread(): boolean {
    return [...this.#entries.values()].some(({ done }) => !done)
  }

  /** Whether `use` has something to read before `plan` is complete. */
  needed(definitions: readonly CertificateDefinition[]): boolean {
    const { size } = new Set(definitions.map(keyOf))
    return (
      size !== this.#entries.size ||
      this.#unread ||
      definitions.some((one) => this.#entries.get(keyOf(one))?.definition !== one)
    )
  }

  /** Reads everything at the next look, whatever the file system says about it (SIGHUP). */
  forget(): void {
    for (const entry of this.#entries.values()) entry.read = undefined
    void this.#look(true).then((changed) => changed && !this.#closed && this.#onChange())
  }

  get problems(): readonly Problem[] {
    const entries = [...this.#entries.values()]
    return entries.flatMap(({ problem, good, definition }) => [
      ...(problem ? [problem] : []),
      ...(good ? validityProblem(good, definition) : []),
    ])
  }

  /** What workers terminate TLS with. The same object while nothing has changed. */
  plan(): TlsPlan {
    const certificates = new Map<string, CertificatePlan>()
    let byDefault: Certificate | undefined
    for (const { good, definition } of this.#entries.values()) {
      if (!good) continue
      certificates.set(good.id, good.plan)
      if (definition.isDefault) byDefault = good
    }
    byDefault ??= this.#generated ??= readCertificate(
      selfSigned('TIDEGATE DEFAULT CERT', ['tidegate.default'], Date.now()),
    )
    certificates.set(byDefault.id, byDefault.plan)
    const plan = { certificates, defaultCertificate: byDefault.id, ticketKey: this.#currentTicketKey() }
    if (!this.#plan || !samePlan(this.#plan, plan)) this.#plan = plan
    return this.#plan
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** A pair that takes the place of another one is no reason to serve none while it is not good. */
  #entryOf(definition: CertificateDefinition): Entry {
    const good = definition.isDefault ? this.#lastDefault : undefined
    return { definition, seen: undefined, read: undefined, good, problem: undefined, done: false }
  }

  #lastDefault: Certificate | undefined

  #forget(key: string, { definition, good }: Entry): void {
    if (definition.isDefault) this.#lastDefault = good
    this.#entries.delete(key)
  }

  // ---- files ------------------------------------------------------------------------------------------------

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#tick(), LOOK_EVERY)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    const changed = await this.#look(false)
    if (this.#closed) return
    if (changed || (this.#ticketKey && this.#currentTicketKey() !== this.#ticketKey)) this.#onChange()
    this.#arm()
  }

  /** One look after the other. True when something else is to be served, or listed, than before. */
  #look(atOnce: boolean): Promise<boolean> {
    this.#looking = this.#looking.then(() => this.#lookAtAll(atOnce))
    return this.#looking
  }

  async #lookAtAll(atOnce: boolean): Promise<boolean> {
    const changes = await Promise.all(
      [...this.#entries.values()].map((entry) => this.#lookAtOne(entry, atOnce)),
    )
    return changes.includes(true)
  }

  /** Certificate and key are two files, written one after the other: between them the pair is no pair. */
  async #lookAtOne(entry: Entry, atOnce: boolean): Promise<boolean> {
    const { certFile, keyFile } = entry.definition
    const mark = `${await lookAt(certFile)}|${await lookAt(keyFile)}`
    const settled = atOnce || entry.seen === mark
    entry.seen = mark
    if (!settled || entry.read === mark) return false
    entry.read = mark
    const before = { good: entry.good?.id, problem: entry.problem?.message }
    await this.#read(entry)
    return before.good !== entry.good?.id || before.problem !== entry.problem?.message
  }

  async #read(entry: Entry): Promise<void> {
    const { certFile, keyFile } = entry.definition
    try {
      const [chain, key] = [await readText(certFile, '`certFile`'), await readText(keyFile, '`keyFile`')]
      entry.good = readCertificate({ chain, key })
      entry.problem = undefined
    } catch (error) {
      entry.problem = badPair(entry, error)
    }
    entry.done = true
  }

  #currentTicketKey(): Uint8Array {
    const now = performance.now()
    if (this.#ticketKey && now - this.#ticketKeyAt < TICKET_KEY_LIFE) return this.#ticketKey
    this.#ticketKeyAt = now
    // A worker compares by identity of the plan, so the old key's memory must not be written over.
    return (this.#ticketKey = new Uint8Array(randomBytes(48)))
  }
}

function keyOf({ certFile, keyFile, isDefault }: CertificateDefinition): string {
  return JSON.stringify([isDefault, certFile, keyFile])
}

function badPair({ definition, good }: Entry, error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error)
  const then = good ? 'the one before it keeps serving' : 'it is left out'
  return complain({
    code: 'E221',
    origin: definition.origin,
    resource: nameOf(definition),
    message: `${nameOf(definition)} cannot be used: ${reason}; ${then}`,
    remedy: 'correct the files; they are read again when they change',
  })
}

function validityProblem({ validFrom, validTo }: Certificate, definition: CertificateDefinition): Problem[] {
  const now = Date.now()
  if (now >= validFrom && now <= validTo) return []
  const message =
    now > validTo
      ? `${nameOf(definition)} expired on ${new Date(validTo).toISOString()}; clients will refuse it`
      : `${nameOf(definition)} is not valid before ${new Date(validFrom).toISOString()}`
  const remedy = now > validTo ? 'renew it' : "check this machine's clock"
  return [complain({ code: 'E222', severity: 'warning', origin: definition.origin, message, remedy })]
}

/** Text in the place of a path is a secret, or nearly one. */
function nameOf({ certFile, isDefault, origin }: CertificateDefinition): string {
  const what = isDefault ? 'the default certificate' : 'the certificate'
  return certFile.length > 255 || /-----|\s/.test(certFile)
    ? `${what} of ${describeOrigin(origin)}`
    : `${what} \`${certFile}\``
}

function samePlan(a: TlsPlan, b: TlsPlan): boolean {
  return (
    a.defaultCertificate === b.defaultCertificate &&
    a.ticketKey === b.ticketKey &&
    a.certificates.size === b.certificates.size &&
    [...b.certificates].every(([id, plan]) => a.certificates.get(id) === plan)
  )
}
