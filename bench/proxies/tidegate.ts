import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contestant, Setting } from './contestant.ts'
import { hostName } from './contestant.ts'

const PROGRAM = new URL('../../dist/src/main.js', import.meta.url).pathname
const PROBE = new URL('../inside/probe.ts', import.meta.url).pathname
const ROUTERS_PER_FILE = 100
/** Beyond this, routers are not listed for TLS as well. */
const FEW = 100

export interface TidegateVariant {
  readonly name: string
  readonly workers?: number
  readonly routers?: number
  /** Default: as many as routers, one each. Routers share them in turn. */
  readonly services?: number
  /** Endpoints of each service. */
  readonly endpoints?: number
  readonly place?: 'proxy' | 'anywhere'
  /** Middlewares of every router, by name. */
  readonly middlewares?: Readonly<Record<string, unknown>>
  /** Further flags; `FOLDER` in them stands for one of its own. */
  readonly flags?: readonly string[]
  /** Put in front of the paths that it is asked for. */
  readonly pathPrefix?: string
  /** What `inside/probe.ts` is to do in its threads, if anything. */
  readonly probe?: 'connections' | 'stalls' | 'profile'
}

/** The built program, with defaults wherever a contestant needs nothing else. */
export function tidegate(variant: TidegateVariant): Contestant {
  const {
    name,
    workers = 1,
    routers = 10,
    services = routers,
    endpoints = 1,
    place = 'proxy',
    middlewares = {},
    pathPrefix = '',
    flags: more = [],
    probe,
  } = variant
  return {
    name,
    routers,
    place,
    pathPrefix,
    async configure(setting) {
      await writeRouting(setting, routers, services, endpoints, middlewares)
      const node = probe === undefined ? [process.execPath] : probing(probe, setting.folder)
      return [
        ...node,
        PROGRAM,
        'run',
        ...flags(setting, workers),
        ...more.map((flag) => flag.replace('FOLDER', setting.folder)),
      ]
    },
  }
}

/** Where the routing files of a contestant are. */
export const routingFolder = (folder: string): string => join(folder, 'routing')
/** Where its probes write. */
export const probeFolder = (folder: string): string => join(folder, 'probe')

function probing(probe: string, folder: string): string[] {
  const variables = [`BENCH_PROBE=${probe}`, `BENCH_FOLDER=${probeFolder(folder)}`]

  return ['env', ...variables, process.execPath, '--import', PROBE]
}

function flags({ folder, ports }: Setting, workers: number): string[] {
  return [
    `--entryPoints.web.address=127.0.0.1:${ports.http}`,
    `--entryPoints.websecure.address=127.0.0.1:${ports.https}`,
    '--entryPoints.websecure.http.tls=true',
    `--providers.file.directory=${routingFolder(folder)}`,
    `--workers=${workers}`,
    '--log.level=error',
    '--log.format=json',
  ]
}

async function writeRouting(
  setting: Setting,
  routers: number,
  services: number,
  endpoints: number,
  middlewares: Readonly<Record<string, unknown>>,
): Promise<void> {
  const folder = routingFolder(setting.folder)
  await mkdir(folder, { recursive: true })
  await mkdir(probeFolder(setting.folder), { recursive: true })
  for (let first = 0; first < routers; first += ROUTERS_PER_FILE) {
    const ids = Array.from(
      { length: Math.min(ROUTERS_PER_FILE, routers - first) },
      (_, index) => first + index,
    )
    const own = ids.filter((id) => id < services)
    const http = {
      routers: routersOf(ids, services, routers <= FEW, Object.keys(middlewares)),
      ...(first === 0 && Object.keys(middlewares).length > 0 ? { middlewares } : {}),
      ...(own.length === 0 ? {} : { services: servicesOf(own, setting.origin, endpoints) }),
    }
    await writeFile(join(folder, `routing-${first}.json`), JSON.stringify({ http }))
  }
  const { certificate: certFile, key: keyFile } = setting.certificate
  const stores = { default: { defaultCertificate: { certFile, keyFile } } }
  await writeFile(
    join(folder, 'tls.json'),
    JSON.stringify({ tls: { certificates: [{ certFile, keyFile }], stores } }),
  )
}

function routersOf(
  ids: readonly number[],
  services: number,
  secure: boolean,
  middlewares: readonly string[],
): Record<string, unknown> {
  const routers: Record<string, unknown> = {}
  for (const id of ids) {
    const router = { rule: `Host(\`${hostName(id)}\`)`, service: `service${id % services}`, middlewares }
    routers[`router${id}`] = { ...router, entryPoints: ['web'] }
    if (secure) routers[`secure${id}`] = { ...router, entryPoints: ['websecure'], tls: {} }
  }
  return routers
}

function servicesOf(ids: readonly number[], origin: number, endpoints: number): Record<string, unknown> {
  return Object.fromEntries(
    ids.map((id) => [`service${id}`, { loadBalancer: { servers: serversOf(origin, endpoints) } }]),
  )
}

/** Further endpoints are other loopback addresses, where the same origin listens too. */
function serversOf(origin: number, endpoints: number): { url: string }[] {
  return Array.from({ length: endpoints }, (_, index) => ({ url: `http://127.0.0.${index + 1}:${origin}` }))
}
