import { entryPointOptions } from '../../config/entry-point.ts'
import { fields } from '../../config/fields.ts'
import { shown } from '../../config/shown.ts'
import type { EntryPointConfig } from '../../config/static.ts'
import { complaint } from '../page.ts'
import type { Page } from '../page.ts'
import { resourceInfos } from '../resources.ts'
import type { ResourceInfo } from '../resources.ts'
import { flag, integer, listOf, object, text, time } from '../schema.ts'
import type { AdminView } from '../view.ts'

/** The process as a whole: counts, entry points and version, with Traefik's paths and members. */
export function overviewPages(view: AdminView): Page[] {
  return [
    {
      method: 'GET',
      path: '/api/overview',
      summary:
        'How many routers, services and middlewares there are, and how many are not served as written.',
      answers: OVERVIEW,
      answer: () => ({ status: 200, body: overview(view) }),
    },
    {
      method: 'GET',
      path: '/api/entrypoints',
      summary: 'The entry points with their options.',
      answers: listOf(ENTRY_POINT),
      answer: () => ({ status: 200, body: [...view.config.entryPoints].map(entryPointInfo) }),
    },
    {
      method: 'GET',
      path: '/api/entrypoints/{name}',
      summary: 'One entry point.',
      answers: ENTRY_POINT,
      answer: ({ name }) => {
        const found = view.config.entryPoints.get(name)
        if (found) return { status: 200, body: entryPointInfo([name, found]) }
        const known = [...view.config.entryPoints.keys()].join(', ')
        return complaint(404, `entry point not found: ${name}`, `there is ${known}`)
      },
    },
    {
      method: 'GET',
      path: '/api/version',
      summary: 'What runs, and since when.',
      answers: VERSION,
      answer: () => ({
        status: 200,
        body: { Version: view.version, Codename: 'tidegate', startDate: view.startedAt },
      }),
    },
  ]
}

function overview(view: AdminView): object {
  const { routers, services, middlewares } = resourceInfos(view)
  const { accessLog, metrics, providers } = view.config
  return {
    http: { routers: counted(routers), services: counted(services), middlewares: counted(middlewares) },
    tcp: { routers: NONE, services: NONE, middlewares: NONE },
    udp: { routers: NONE, services: NONE },
    features: { tracing: '', metrics: toldTo(metrics), accessLog: accessLog !== undefined },
    providers: [...providers.sources.keys()].map((name) => name.charAt(0).toUpperCase() + name.slice(1)),
  }
}

/** As Traefik names them; several are joined. */
function toldTo(metrics: AdminView['config']['metrics']): string {
  const names = { prometheus: 'Prometheus', statsD: 'StatsD', datadog: 'Datadog' } as const
  const kinds = Object.keys(names) as (keyof typeof names)[]
  return kinds.flatMap((kind) => (metrics?.[kind] ? names[kind] : [])).join(', ')
}

const NONE = { total: 0, warnings: 0, errors: 0 }

function counted(infos: readonly ResourceInfo[]): typeof NONE {
  const having = (status: string): number => infos.filter((info) => info.status === status).length
  return { total: infos.length, warnings: having('warning'), errors: having('disabled') }
}

const SCHEMA = fields.section('', entryPointOptions(fields))

function entryPointInfo([name, config]: readonly [string, EntryPointConfig]): object {
  return { ...(shown(SCHEMA, config) as object), listen: undefined, internal: undefined, name }
}

const COUNTS = object({
  total: integer('All.'),
  warnings: integer('Served, though not as written.'),
  errors: integer('Not served.'),
})

const OVERVIEW = object({
  http: object({ routers: COUNTS, services: COUNTS, middlewares: COUNTS }),
  tcp: object({ routers: COUNTS, services: COUNTS, middlewares: COUNTS }),
  udp: object({ routers: COUNTS, services: COUNTS }),
  features: object({
    tracing: text('Empty: off.'),
    metrics: text('Who is told of metrics, such as `Prometheus`. Empty: off.'),
    accessLog: flag('Whether requests are logged.'),
  }),
  providers: listOf(text('Name of a provider.')),
})

const ENTRY_POINT = {
  ...object({ name: text('Its name.'), address: text('Where it listens.') }),
  additionalProperties: true,
}

const VERSION = object({
  Version: text('Of the program.'),
  Codename: text('Always `tidegate`.'),
  startDate: time('When the process started.'),
})
