import type { Protocol } from './ask.ts'
import {
  ALL,
  MANY_ROUTERS,
  MANY_SERVICES,
  ONE_WORKER,
  THROUGH_ONE,
  THROUGH_THREE,
  TWO_WORKERS,
  WITH_COMMON_LOG,
  WITH_JSON_LOG,
  WITH_METRICS,
} from './contestants.ts'
import { PATHS } from './origin.ts'
import type { Contestant } from './proxies/contestant.ts'

/** As much load as goes through, of one kind. */
export interface LoadCase {
  readonly name: string
  readonly protocol: Protocol
  readonly path: string
  readonly upload: number
  readonly keepAlive: boolean
  readonly connections: number
  readonly contestants: readonly Contestant[]
  /** Sends to all hosts of a contestant rather than to one. */
  readonly allHosts: boolean
  readonly usual: boolean
}

const PAYLOADS = {
  'get-100b': { path: PATHS['100b'].path, upload: 0 },
  'get-10k': { path: PATHS['10k'].path, upload: 0 },
  'get-1m': { path: PATHS['1m'].path, upload: 0 },
  'post-10k': { path: '/post', upload: 10_240 },
} as const
type Payload = keyof typeof PAYLOADS

const PROTOCOLS: readonly Protocol[] = ['plain', 'tls', 'h2']
const CONNECTIONS = [1, 64, 256] as const

/** The rest of the matrix is run by `--full`, or by name. */
const USUAL: readonly string[] = [
  'get-100b-plain-keep-64',
  'get-100b-plain-keep-1',
  'get-100b-plain-keep-256',
  'get-10k-plain-keep-64',
  'get-1m-plain-keep-64',
  'post-10k-plain-keep-64',
  'get-100b-plain-close-64',
  'get-100b-tls-keep-64',
  'get-1m-tls-keep-64',
  'get-100b-tls-close-64',
  'get-100b-h2-keep-64',
  'get-10k-h2-keep-64',
]

/** The case that the targets are about. */
export const HEADLINE = 'get-100b-plain-keep-64'
export const LARGE = 'get-1m-plain-keep-64'
export const ROUTERS = 'routers'
export const WORKERS = 'workers'
export const MIDDLEWARES = 'middlewares'
export const TELEMETRY = 'telemetry'

export const CASES: readonly LoadCase[] = [
  ...matrix(),
  { ...headline(), name: ROUTERS, allHosts: true, contestants: [ONE_WORKER, MANY_ROUTERS, MANY_SERVICES] },
  { ...headline(), name: MIDDLEWARES, contestants: [ONE_WORKER, THROUGH_THREE, ...THROUGH_ONE] },
  { ...headline(), name: TELEMETRY, contestants: [ONE_WORKER, WITH_METRICS, WITH_COMMON_LOG, WITH_JSON_LOG] },
  { ...headline(), name: WORKERS, connections: 256, contestants: [ONE_WORKER, TWO_WORKERS] },
]

function matrix(): LoadCase[] {
  const cases: LoadCase[] = []
  for (const payload of Object.keys(PAYLOADS) as Payload[])
    for (const protocol of PROTOCOLS)
      for (const keepAlive of protocol === 'h2' ? [true] : [true, false])
        for (const connections of CONNECTIONS) cases.push(caseOf(payload, protocol, keepAlive, connections))
  return cases
}

function headline(): LoadCase {
  return caseOf('get-100b', 'plain', true, 64)
}

function caseOf(payload: Payload, protocol: Protocol, keepAlive: boolean, connections: number): LoadCase {
  const name = `${payload}-${protocol}-${keepAlive ? 'keep' : 'close'}-${connections}`
  const common = { name, protocol, keepAlive, connections, ...PAYLOADS[payload] }
  return { ...common, contestants: ALL, allHosts: false, usual: USUAL.includes(name) }
}
