import { didYouMean } from '../../config/suggest.ts'
import { LIST_PARAMETERS, listed } from '../list.ts'
import { complaint } from '../page.ts'
import type { Page } from '../page.ts'
import { middlewareInfos, resourceInfos, routerInfos, serviceInfos } from '../resources.ts'
import type { ResourceInfo } from '../resources.ts'
import { choice, flag, integer, listOf, mapOf, object, options, text } from '../schema.ts'
import type { Schema } from '../schema.ts'
import type { AdminView } from '../view.ts'

/** Routers, services and middlewares, with Traefik's paths and members. */
export function httpResourcePages(view: AdminView): Page[] {
  return [
    ...pagesOf('routers', 'router', ROUTER, () => routerInfos(view)),
    ...pagesOf('services', 'service', SERVICE, () => serviceInfos(view)),
    ...pagesOf('middlewares', 'middleware', MIDDLEWARE, () => middlewareInfos(view)),
    {
      method: 'GET',
      path: '/api/rawdata',
      summary: 'All routers, services and middlewares by name.',
      answers: object({ routers: mapOf(RAW), middlewares: mapOf(RAW), services: mapOf(RAW) }),
      answer: () => ({ status: 200, body: rawData(view) }),
    },
    ...OTHERS.map((path) => ({
      method: 'GET' as const,
      path,
      summary: 'Nothing: there is no TCP and UDP routing yet.',
      answers: listOf({}),
      answer: () => ({ status: 200, body: [], headers: { 'X-Next-Page': '1' } }),
    })),
  ]
}

/** What tools that know Traefik ask for besides. */
const OTHERS = [
  '/api/tcp/routers',
  '/api/tcp/services',
  '/api/tcp/middlewares',
  '/api/udp/routers',
  '/api/udp/services',
]

function pagesOf(
  kind: string,
  word: string,
  schema: Schema,
  infos: () => readonly ResourceInfo[],
): readonly Page[] {
  const path = `/api/http/${kind}`
  return [
    {
      method: 'GET',
      path,
      summary: `The ${kind}; those that are left out because of their errors are among them.`,
      parameters: LIST_PARAMETERS,
      answers: listOf(schema),
      answer: ({ query }) => listed(infos(), query),
    },
    {
      method: 'GET',
      path: `${path}/{name}`,
      summary: `One ${word} by its full name.`,
      answers: schema,
      answer: ({ name }) => {
        const all = infos()
        const found = all.find((info) => info.name === name)
        if (found) return { status: 200, body: found }
        const near = didYouMean(
          name,
          all.map((info) => info.name),
        )
        return complaint(404, `${word} not found: ${name}`, near ?? `${path} lists all`)
      },
    },
  ]
}

function rawData(view: AdminView): Record<string, Record<string, object>> {
  const { routers, services, middlewares } = resourceInfos(view)
  return { routers: byName(routers), middlewares: byName(middlewares), services: byName(services) }
}

function byName(infos: readonly ResourceInfo[]): Record<string, object> {
  return Object.fromEntries(
    infos.map((info) => {
      const members = Object.entries(info).filter(([member]) => !IN_LISTS_ALONE.has(member))
      return [info.name, Object.fromEntries(members)]
    }),
  )
}

/** What a resource has in lists, where it is not under its name. */
const IN_LISTS_ALONE = new Set(['name', 'provider', 'type', 'priorityStr'])

const STANDING = {
  status: choice(
    '`disabled`: it is not served. `warning`: it is, though not as written.',
    'enabled',
    'warning',
    'disabled',
  ),
  'error?': listOf(text('What is wrong with it.')),
}

const IDENTITY = { name: text('`name@provider`.'), provider: text('Where it is defined.') }

const ROUTER = object({
  'entryPoints?': listOf(text('Name of an entry point.')),
  'middlewares?': listOf(text('`name@provider`, those of the entry points first, chains expanded.')),
  'service?': text('`name@provider`.'),
  'rule?': text('As written, or as the default rule made it.'),
  'ruleSyntax?': text('Kept for compatibility.'),
  'priority?': integer('Higher wins.'),
  'priorityStr?': text('The same as text.'),
  'tls?': options('Present when it takes TLS connections, and those alone.'),
  ...STANDING,
  'using?': listOf(text('Entry points that it listens on.')),
  ...IDENTITY,
})

const SERVERS = listOf(
  object({
    url: text('Where requests go.'),
    'weight?': integer('Left out: 1.'),
    'preservePath?': flag('The path of `url` is put in front of request paths.'),
  }),
)

const SERVICE = object({
  'loadBalancer?': { ...object({ servers: SERVERS }), additionalProperties: true },
  'weighted?': options('Services that share the requests.'),
  'highestRandomWeight?': options('Services that share the clients.'),
  'mirroring?': options('The service that answers, and those that get copies.'),
  'failover?': options('A service, and the one that answers when it cannot.'),
  ...STANDING,
  'usedBy?': listOf(text('Routers and services that lead to it.')),
  'serverStatus?': mapOf(choice('Whether it takes requests.', 'UP', 'DOWN')),
  ...IDENTITY,
  'type?': text('Its kind in lower case, such as `loadbalancer`.'),
})

const MIDDLEWARE: Schema = {
  ...object({
    ...STANDING,
    'usedBy?': listOf(text('Routers that it is in the chain of.')),
    ...IDENTITY,
    'type?': text('Its kind in lower case, such as `addprefix`.'),
  }),
  additionalProperties: options('Under the name of its kind: its options, secrets masked.'),
}

/** The same without name, provider and type. */
const RAW: Schema = { ...object(STANDING), additionalProperties: true }
