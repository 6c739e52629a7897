import { isatty } from 'node:tty'
import { pino, stdTimeFunctions } from 'pino'
import type { Logger as Pino } from 'pino'
import pretty from 'pino-pretty'
import { escapeC1, escapeControls } from './escape.ts'
import { redact, redactText } from './redact.ts'
import { SyncSink } from './sync-sink.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
export type LogFields = Readonly<Record<string, unknown>>

/** The one log of the control plane. Lines are written before a call returns. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same log, with `fields` on each of its lines. */
  child(fields: LogFields): Logger
  /** Shared by all children. */
  level: LogLevel
  /** Opens the log file anew after it was rotated away. A failure is logged, and the old file stays in use. */
  reopen(): void
  /** Waits briefly for a slow reader. */
  flush(): void
}

export interface LoggerOptions {
  /** A level's name as in Traefik, in any case; see `parseLogLevel`. */
  readonly level: string
  /** Left out: `common` on a terminal, else `json`. */
  readonly format?: 'common' | 'json' | undefined
  /** Left out: standard output. */
  readonly filePath?: string | undefined
  readonly noColor?: boolean
}

const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ['TRACE', 'trace'],
  ['DEBUG', 'debug'],
  ['INFO', 'info'],
  ['WARN', 'warn'],
  ['WARNING', 'warn'],
  ['ERROR', 'error'],
  ['FATAL', 'fatal'],
  ['PANIC', 'fatal'],
])

/** Pino's name of the message. */
const MESSAGE = 'msg'

/** The level of a name such as `INFO` or `warn`; undefined when there is none of that name. */
export function parseLogLevel(name: string): LogLevel | undefined {
  return LEVELS.get(name.trim().toUpperCase())
}

/**
 * Opens the log. An unknown level counts as `error`, Traefik's default: validation has complained about it before.
 * @throws Error of `fs` when the log file cannot be opened
 */
export function createLogger({ level, format, filePath, noColor = false }: LoggerOptions): Logger {
  const sink = new SyncSink(filePath === undefined ? {} : { filePath })
  const terminal = filePath === undefined && isatty(1)
  const human = format === undefined ? terminal : format === 'common'
  const render = human ? humanLine(terminal && !noColor) : (json: string) => json
  const log = pino(
    {
      level: parseLogLevel(level) ?? 'error',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (json) => sink.write(render(json)) },
  )
  return new RedactingLogger(log, sink, {})
}

/** What is logged while there is nowhere to log to, and in tests. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
  level: 'fatal',
  reopen: () => undefined,
  flush: () => undefined,
}

class RedactingLogger implements Logger {
  readonly #pino: Pino
  readonly #sink: SyncSink
  readonly #fields: LogFields

  constructor(log: Pino, sink: SyncSink, fields: LogFields) {
    this.#pino = log
    this.#sink = sink
    this.#fields = fields
  }

  debug(message: string, fields?: LogFields): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(this.#redacted(fields), redactText(message))
  }

  info(message: string, fields?: LogFields): void {
    if (this.#pino.isLevelEnabled('info')) this.#pino.info(this.#redacted(fields), redactText(message))
  }

  warn(message: string, fields?: LogFields): void {
    if (this.#pino.isLevelEnabled('warn')) this.#pino.warn(this.#redacted(fields), redactText(message))
  }

  error(message: string, fields?: LogFields): void {
    if (this.#pino.isLevelEnabled('error')) this.#pino.error(this.#redacted(fields), redactText(message))
  }

  child(fields: LogFields): Logger {
    return new RedactingLogger(this.#pino, this.#sink, { ...this.#fields, ...redact(fields) })
  }

  get level(): LogLevel {
    return parseLogLevel(this.#pino.level) ?? 'error'
  }

  set level(level: LogLevel) {
    this.#pino.level = level
  }

  reopen(): void {
    try {
      this.#sink.reopen()
    } catch (error) {
      this.error(
        `the log file cannot be opened anew: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  flush(): void {
    this.#sink.flush()
  }

  #redacted(fields: LogFields | undefined): Record<string, unknown> {
    return fields ? { ...this.#fields, ...redact(fields) } : { ...this.#fields }
  }
}

/** Rendered in this thread: a line that a worker thread still holds is lost when the process crashes. */
function humanLine(colorize: boolean): (json: string) => string {
  const render = pretty.prettyFactory({
    colorize,
    singleLine: true,
    translateTime: "SYS:yyyy-mm-dd'T'HH:MM:ss.lo",
    messageFormat: ({ [MESSAGE]: message }) => (typeof message === 'string' ? escapeControls(message) : ''),
  })
  return (json) => escapeC1(render(json))
}
