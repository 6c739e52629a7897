import type { Request } from '../proxy/request.ts'
import type { Response } from '../proxy/response.ts'
import { beginEntry, finishEntry } from '../telemetry/access-entry.ts'
import type { AccessEntry } from '../telemetry/access-entry.ts'
import { accessFilter } from '../telemetry/access-filter.ts'
import { accessFormat } from '../telemetry/access-format.ts'
import type { AccessFormat } from '../telemetry/access-format.ts'
import { showsHeaders } from '../telemetry/access-json.ts'
import { LineBatch } from '../telemetry/line-batch.ts'
import type { SharedLines } from '../telemetry/shared-lines.ts'
import type { AccessLogSettings } from './entry-point-settings.ts'

/** Asking for it takes as long as asking for the time. */
const TIME_ORIGIN = performance.timeOrigin

/** One thread's share of the access log: notes requests as they come, renders them when they are answered. */
export class AccessRecorder {
  readonly #format: AccessFormat
  readonly #batch: LineBatch
  readonly #internals: boolean
  readonly #silent: ReadonlySet<string>
  readonly #withHeaders: boolean
  readonly #quotes: boolean
  readonly #wanted: ((entry: AccessEntry) => boolean) | undefined
  /** Requests of the whole process: every thread counts in the same place. */
  readonly #count: BigInt64Array

  constructor(
    { format, internals, silentEntryPoints, counter, filters = {}, fields = {} }: AccessLogSettings,
    send: (lines: SharedLines) => void,
  ) {
    // Traefik writes its times in UTC whatever the machine's zone.
    this.#format = accessFormat({ format, zone: 'utc', fields })
    this.#batch = new LineBatch({ send })
    this.#internals = internals
    this.#silent = new Set(silentEntryPoints)
    this.#quotes = format !== 'json'
    this.#withHeaders = format === 'json' && showsHeaders(fields)
    this.#wanted = accessFilter(filters)
    this.#count = new BigInt64Array(counter)
  }

  /** A request has come and no middleware has seen it yet. */
  begin(request: Request): void {
    if (this.#silent.has(request.entryPoint)) return
    const count = Number(Atomics.add(this.#count, 0, 1n)) + 1
    // When it came is known to whoever tells how long it took.
    request.accessEntry = beginEntry(request, 0, count, this.#quotes)
    if (this.#withHeaders) request.accessEntry.requestHeaders = request.headers
  }

  /** Its answer has left, `bytes` of body; `startedAt` on the clock of `performance`, `duration` in milliseconds. */
  finish(request: Request, response: Response, bytes: number, startedAt: number, duration: number): void {
    const entry = request.accessEntry
    if (!entry || (!this.#internals && request.service?.endsWith('@internal'))) return
    const { status, why } = response
    entry.start = TIME_ORIGIN + startedAt
    finishEntry(entry, request, {
      duration,
      status: request.why === 'DC' ? 499 : status,
      responseBytes: bytes,
      requestBytes: request.body?.received ?? 0,
      origin: why === undefined ? { status, bytes, duration } : undefined,
    })
    if (this.#withHeaders) entry.responseHeaders = response.headers
    if (this.#wanted === undefined || this.#wanted(entry)) this.#batch.add(this.#format(entry))
  }

  flush(): void {
    this.#batch.flush()
  }
}
