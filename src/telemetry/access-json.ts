import type { AccessField } from '../config/access-log.ts'
import { ACCESS_FIELDS } from '../config/access-log.ts'
import type { HeaderList } from '../proxy/header-list.ts'
import type { AccessEntry } from './access-entry.ts'
import { remembering, rememberingLast } from './access-groups.ts'
import type { Render, Same } from './access-groups.ts'
import { fractionText, isoParts, secondTime } from './access-time.ts'
import { FIELD_VALUES, overhead } from './access-values.ts'
import { fromWire } from './escape.ts'
import { numberText } from './number-text.ts'

export type Keep = 'keep' | 'drop' | 'redact'

/** Which fields a JSON line shows, as in Traefik's `accessLog.fields`. Names in any case. */
export interface AccessFields {
  readonly defaultMode?: Keep
  readonly names?: Readonly<Record<string, Keep>>
  readonly headers?: { readonly defaultMode?: Keep; readonly names?: Readonly<Record<string, Keep>> }
  readonly queryParameters?: { readonly defaultMode?: Keep }
}

const REDACTED = '"REDACTED"'

/** Whether any header field may be shown. */
export function showsHeaders({ headers: { defaultMode = 'drop', names = {} } = {} }: AccessFields): boolean {
  return defaultMode !== 'drop' || Object.values(names).some((mode) => mode !== 'drop')
}

/**
 * One JSON object per line. What a line shows is settled here, once; a request then only joins texts, most of which
 * are there already (docs/decisions/0016).
 */
export function jsonFormat(fields: AccessFields): Render {
  const modeOf = modes(fields.names, fields.defaultMode ?? 'keep')
  const rest = new Set(Object.keys(ACCESS_FIELDS) as AccessField[])
  const groups = GROUPS.map(({ names, key, same }) => {
    for (const name of names) rest.delete(name)
    return remembering(joined(names.flatMap((name) => fieldRender(name, modeOf(name)))), key, same)
  })
  const renders = [...groups, ...singleRenders([...rest], modeOf)]
  const headers = showsHeaders(fields) ? headersRender(fields) : undefined
  const end = endRender()
  return (entry) => {
    let line = '{"level":"info","msg":""'
    for (const render of renders) line += render(entry)
    if (headers) line += headers(entry)
    return line + end(entry)
  }
}

function endRender(): Render {
  let time = ''
  let text = ''
  return ({ start, duration }) => {
    const now = secondTime(start + duration, 'local')
    if (now !== time) {
      time = now
      text = `,"time":"${time}"}\n`
    }
    return text
  }
}

function modes(names: Readonly<Record<string, Keep>> = {}, byDefault: Keep): (name: string) => Keep {
  const known = new Map(Object.entries(names).map(([name, mode]) => [name.toLowerCase(), mode]))
  return (name) => known.get(name.toLowerCase()) ?? byDefault
}

/** Nothing for a field that is dropped. */
function fieldRender(name: AccessField, mode: Keep): Render[] {
  if (mode === 'drop') return []
  const start = `,"${name}":`
  const valueOf = FIELD_VALUES[name]
  const redacted = start + REDACTED
  const quote = ASSURED.has(name) ? (text: string) => `"${text}"` : quoted
  return [
    (entry) => {
      const value = valueOf(entry)
      if (value === undefined) return ''
      if (mode === 'redact') return redacted
      return start + (typeof value === 'number' ? numberText(value) : quote(value))
    },
  ]
}

/** Fields that differ from request to request. Those that stand next to each other are made together where that pays. */
function singleRenders(names: readonly AccessField[], modeOf: (name: string) => Keep): Render[] {
  return names.flatMap((name) => {
    const run = RUNS.find((one) => one.names.includes(name))
    if (run === undefined) return fieldRender(name, modeOf(name))
    if (name !== run.names[0]) return []
    if (run.names.includes('StartUTC') && run.names.every((each) => modeOf(each) === 'keep'))
      return [timesRender()]
    const renders = run.names.flatMap((each) => fieldRender(each, modeOf(each)))
    return run.same ? [rememberingLast(joined(renders), run.same)] : renders
  })
}

/** Both times of a request: between them, only the fraction of the second is new. */
function timesRender(): Render {
  let utc: unknown
  let local: unknown
  let [before, between, after] = ['', '', '']
  return ({ start }) => {
    const parts = isoParts.utc(start)
    const localParts = isoParts.local(start)
    if (parts !== utc || localParts !== local) {
      utc = parts
      local = localParts
      before = `,"StartUTC":"${parts.head}`
      between = `${parts.tail}","StartLocal":"${localParts.head}`
      after = `${localParts.tail}"`
    }
    const fraction = fractionText(start)
    return before + fraction + between + fraction + after
  }
}

function joined(renders: readonly Render[]): Render {
  return (entry) => renders.map((render) => render(entry)).join('')
}

/** Fields that come again and again with the same values, and what these follow from. */
const GROUPS: readonly {
  names: readonly AccessField[]
  key: (entry: AccessEntry) => unknown
  same: Same
}[] = [
  {
    names: ['RouterName', 'ServiceName', 'ServiceURL', 'ServiceAddr'],
    key: ({ endpoint }) => endpoint,
    same: (a, b) => a.endpoint === b.endpoint && a.router === b.router && a.service === b.service,
  },
  {
    names: ['ClientAddr', 'ClientHost', 'ClientPort'],
    key: ({ clientPort }) => clientPort,
    same: (a, b) => a.clientPort === b.clientPort && a.clientHost === b.clientHost,
  },
  {
    names: ['ClientUsername'],
    key: ({ user }) => user,
    same: (a, b) => a.user === b.user,
  },
  {
    names: [
      ...(['RequestAddr', 'RequestHost', 'RequestPort'] as const),
      ...(['RequestMethod', 'RequestProtocol', 'RequestScheme'] as const),
      ...(['TLSVersion', 'TLSCipher', 'entryPointName', 'Why'] as const),
    ],
    key: ({ authority }) => authority,
    same: (a, b) =>
      a.authority === b.authority &&
      a.method === b.method &&
      a.version === b.version &&
      a.scheme === b.scheme &&
      a.entryPoint === b.entryPoint &&
      a.why === b.why &&
      a.tls === b.tls,
  },
]

/** Each in the order of the line; `same`: the last text often serves again. */
const RUNS: readonly { names: readonly AccessField[]; same?: Same }[] = [
  { names: ['StartUTC', 'StartLocal'] },
  { names: ['RequestContentSize'], same: (a, b) => a.requestBytes === b.requestBytes },
  {
    names: ['OriginContentSize', 'OriginStatus', 'DownstreamStatus', 'DownstreamContentSize'],
    same: sameAnswer,
  },
  {
    names: ['Overhead', 'RetryAttempts'],
    same: (a, b) => a.retries === b.retries && overhead(a) === overhead(b),
  },
]

function sameAnswer(a: AccessEntry, b: AccessEntry): boolean {
  return (
    a.status === b.status &&
    a.responseBytes === b.responseBytes &&
    a.origin?.status === b.origin?.status &&
    a.origin?.bytes === b.origin?.bytes
  )
}

/** Texts of our own making; looking for what to escape costs as much as making them. */
const ASSURED: ReadonlySet<AccessField> = new Set(['StartUTC', 'StartLocal'])

/** Most values hold nothing that has to be escaped. */
const PLAIN = /^[ !#-[\]-~]*$/

function quoted(value: string): string {
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(fromWire(value))
}

function headersRender({ headers = {} }: AccessFields): Render {
  const modeOf = modes(headers.names, headers.defaultMode ?? 'drop')
  return ({ requestHeaders, origin, responseHeaders }) =>
    headersText('request_', requestHeaders, modeOf) +
    headersText('origin_', origin?.headers, modeOf) +
    headersText('downstream_', responseHeaders, modeOf)
}

function headersText(
  prefix: string,
  headers: HeaderList | undefined,
  modeOf: (name: string) => Keep,
): string {
  if (!headers) return ''
  const texts = new Map<string, string>()
  for (const [name] of headers) {
    const mode = modeOf(name)
    const key = canonical(name)
    if (mode === 'drop' || texts.has(key)) continue
    const value = mode === 'redact' ? REDACTED : quoted(headers.getAll(name).join(', '))
    texts.set(key, `,${quoted(prefix + key)}:${value}`)
  }
  return [...texts.values()].join('')
}

/** `user-agent` → `User-Agent`: one key per field, whatever case a client writes it in. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
