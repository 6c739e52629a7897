import { sixDigits } from './number-text.ts'

/** Times of the access log in local time or UTC. Each function keeps the last second's text: thousands share it. */
export type TimeZone = 'local' | 'utc'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `02/Jan/2006:15:04:05 -0700`, as in the Common Log Format. */
export const commonTime: Record<TimeZone, (milliseconds: number) => string> = {
  local: perSecond(renderCommon, localFields),
  utc: perSecond(renderCommon, utcFields),
}

/** `2006-01-02T15:04:05-07:00`, with `Z` for UTC (RFC 3339). */
const isoSecond: Record<TimeZone, (milliseconds: number) => string> = {
  local: perSecond(renderIso, localFields),
  utc: perSecond(renderIso, utcFields),
}

/** What stands before and behind the fraction of a second in RFC 3339; the same object throughout a second. */
export const isoParts: Record<
  TimeZone,
  (milliseconds: number) => { readonly head: string; readonly tail: string }
> = {
  local: perSecond(partsOfIso, localFields),
  utc: perSecond(partsOfIso, utcFields),
}

/** RFC 3339 with microseconds, trailing zeros left out: `2006-01-02T15:04:05.25Z`. */
export function preciseTime(milliseconds: number, zone: TimeZone): string {
  const { head, tail } = isoParts[zone](milliseconds)
  return head + fractionText(milliseconds) + tail
}

/** Microseconds with their point, trailing zeros left out: `.25`; empty when there are none. */
export function fractionText(milliseconds: number): string {
  const micros = Math.floor((milliseconds - Math.floor(milliseconds / 1_000) * 1_000) * 1_000)
  const digits = sixDigits(micros)
  const significant = micros % 10 === 0 ? digits.replace(/0+$/, '') : digits
  return significant === '' ? '' : `.${significant}`
}

/** RFC 3339 to the second. */
export function secondTime(milliseconds: number, zone: TimeZone): string {
  return isoSecond[zone](milliseconds)
}

interface TimeFields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** Minutes east of UTC. */
  readonly offset: number
}

function perSecond<T>(
  render: (fields: TimeFields) => T,
  fieldsOf: (date: Date) => TimeFields,
): (milliseconds: number) => T {
  let last = Number.NaN
  let text: T
  return (milliseconds) => {
    const second = Math.floor(milliseconds / 1_000)
    if (second !== last) {
      text = render(fieldsOf(new Date(second * 1_000)))
      last = second
    }
    return text
  }
}

function localFields(date: Date): TimeFields {
  return {
    year: date.getFullYear(),
    month: date.getMonth(),
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
    offset: -date.getTimezoneOffset(),
  }
}

function utcFields(date: Date): TimeFields {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    offset: 0,
  }
}

function renderCommon({ year, month, day, hour, minute, second, offset }: TimeFields): string {
  const time = `${pad(hour)}:${pad(minute)}:${pad(second)}`
  return `${pad(day)}/${MONTHS[month]}/${pad(year, 4)}:${time} ${zoneText(offset, '')}`
}

function partsOfIso(fields: TimeFields): { head: string; tail: string } {
  const text = renderIso(fields)
  return { head: text.slice(0, 19), tail: text.slice(19) }
}

function renderIso({ year, month, day, hour, minute, second, offset }: TimeFields): string {
  const zone = offset === 0 ? 'Z' : zoneText(offset, ':')
  return `${pad(year, 4)}-${pad(month + 1)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}${zone}`
}

function zoneText(offset: number, separator: string): string {
  const minutes = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${separator}${pad(minutes % 60)}`
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
