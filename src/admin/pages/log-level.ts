import { parseDuration } from '../../config/duration.ts'
import { parseLogLevel } from '../../telemetry/log.ts'
import type { Logger, LogLevel } from '../../telemetry/log.ts'
import { complaint } from '../page.ts'
import type { Page, PageAnswer } from '../page.ts'
import { choice, object, text, time } from '../schema.ts'

/** Milliseconds: a day. */
const LONGEST = 24 * 3_600_000

/** The level of the log, changed for a while or for good. */
export function logLevelPages(log: Logger): Page[] {
  const level = new LogLevelSwitch(log)
  return [
    {
      method: 'GET',
      path: '/api/log-level',
      summary: 'The least that is logged.',
      answers: ANSWER,
      answer: () => ({ status: 200, body: level.state }),
    },
    {
      method: 'POST',
      path: '/api/log-level',
      summary: 'Changes the least that is logged, for good or for a while; a new start ends it.',
      body: object({
        level: text('Such as `debug`.'),
        'for?': text('How long, such as `5m`; a day at most. Left out: until it is changed again.'),
      }),
      answers: ANSWER,
      answer: ({ body }) => level.change(body),
    },
  ]
}

class LogLevelSwitch {
  readonly #log: Logger
  #back: { readonly level: LogLevel; readonly until: Date; readonly timer: NodeJS.Timeout } | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  get state(): object {
    const { level } = this.#log
    return this.#back ? { level, until: this.#back.until, returnsTo: this.#back.level } : { level }
  }

  change(body: unknown): PageAnswer {
    const { level, for: time } = (body ?? {}) as { level?: unknown; for?: unknown }
    const wanted = typeof level === 'string' ? parseLogLevel(level) : undefined
    if (wanted === undefined)
      return complaint(
        400,
        '`level` is no level of the log',
        'write trace, debug, info, warn, error or fatal',
      )
    const milliseconds = time === undefined ? undefined : parseDuration(time)
    if (time !== undefined && (milliseconds === undefined || milliseconds <= 0 || milliseconds > LONGEST))
      return complaint(400, '`for` is no time of at most a day', 'write, for example, `5m`')
    this.#set(wanted, milliseconds)
    return {
      status: 200,
      body: this.state,
      log: { level: wanted, ...(time === undefined ? {} : { for: time }) },
    }
  }

  #set(level: LogLevel, milliseconds: number | undefined): void {
    // Of two changes for a while, the first knows what was before.
    const before = this.#back?.level ?? this.#log.level
    clearTimeout(this.#back?.timer)
    this.#back = undefined
    this.#log.level = level
    if (milliseconds === undefined) return
    const timer = setTimeout(() => {
      this.#back = undefined
      this.#log.level = before
    }, milliseconds).unref()
    this.#back = { level: before, until: new Date(Date.now() + milliseconds), timer }
  }
}

const LEVEL = choice('The least that is logged.', 'trace', 'debug', 'info', 'warn', 'error', 'fatal')
const ANSWER = object({
  level: LEVEL,
  'until?': time('When it goes back.'),
  'returnsTo?': LEVEL,
})
