import { apiPages } from '../../src/admin/api-pages.ts'
import { EventHistory } from '../../src/admin/event-history.ts'
import { openApiOf } from '../../src/admin/openapi.ts'
import type { Page } from '../../src/admin/page.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { ownVersion } from '../../src/version.ts'
import { table } from './tables.ts'

/** What pages say of themselves needs no running process. */
const PAGES = apiPages({
  view: {} as never,
  admin: {} as never,
  log: silentLogger,
  history: new EventHistory(),
})

/** The parts of the page on the admin API. */
export function apiParts(): string[] {
  return [
    'What a running Tidegate says of itself, and what it may be told. Off unless `api` is configured; it then listens on `127.0.0.1:8081`, apart from all entry points (`api.address`). With `api.insecure` the entry point `traefik` (`:8080`) leads there, too. The document for tools is [openapi.json](openapi.json), also served at `/api/openapi.json`.',
    'Reading needs no token on this machine, or with `api.insecure`; from elsewhere, and for every change (`POST`), send `Authorization: Bearer TOKEN` with the token of `api.token` or `api.tokenFile`. Wrong tokens are counted: after five, an address has to wait. Requests under other host names than `localhost`, IP addresses and `api.allowedHosts` are answered 421. No answer holds a secret.',
    'Paths and members that Traefik has mean the same. What is left out because of its errors is listed as well, as `disabled`, with what is wrong. Complaints are `{"error", "remedy", "message"}`.',
    table(['Page', 'What it is', 'Parameters'], PAGES.map(cells)),
    '## Commands',
    'Each asks the process that its configuration (`--configFile`, flags, environment) or `--address=HOST:PORT` names, and prints what the API answers with `--json`.',
    table(['Command', 'What it asks'], COMMANDS),
  ]
}

/** The OpenAPI document as text. */
export function openApiText(): string {
  return `${JSON.stringify(openApiOf(PAGES, ownVersion()), null, 2)}\n`
}

function cells({ method, path, summary, parameters = {} }: Page): string[] {
  const named = Object.entries(parameters).map(([name, meaning]) => `\`${name}\`: ${meaning}`)
  return [`\`${method} ${path}\``, summary, named.join('<br>')]
}

const COMMANDS = [
  ['`tidegate explain URL`', '`/api/explain`; with `--files` the files of the configuration, and no process'],
  ['`tidegate problems`', '`/api/problems`; exit code 1 when there are errors'],
  ['`tidegate routes [--watch]`', '`/api/http/routers`'],
  ['`tidegate services`', '`/api/http/services`'],
  ['`tidegate endpoints [--service]`', '`/api/endpoints`'],
  ['`tidegate providers`', '`/api/providers`'],
  ['`tidegate events [--follow] [--kind]`', '`/api/events`'],
  ['`tidegate drain`, `tidegate undrain`', '`/api/endpoints/drain` and `/api/endpoints/undrain`'],
]
