import { isIP } from 'node:net'
import { decode, decodeSchema } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import type { OptionsOf } from '../config/fields.ts'
import type { Origin, Problem } from '../config/problem.ts'
import { loadBalancerOptions } from '../config/routing.ts'
import { child, scalar, section } from '../config/source-tree.ts'
import type { ScalarNode, SourceNode } from '../config/source-tree.ts'
import { checkAddress } from './address.ts'
import { parsePercentage } from './canary-groups.ts'
import { complain } from './complaint.ts'
import type { Instance } from './provider.ts'
import type { Endpoint } from './routing-config.ts'
import { parseServerUrl } from './server-url.ts'
import { printable } from '../config/printable.ts'
import { instanceLabel } from './tag-origin.ts'

/** What an instance's tags say about one of the services that it serves. */
export interface ServerWords {
  /** `loadbalancer.server` of the service, if its tags say anything. */
  readonly server: SourceNode | undefined
  /** Words of the whole instance. */
  readonly port: ScalarNode | undefined
  readonly weight: ScalarNode | undefined
  /** Its version: canaries of one version share one part of the requests. Empty when it has none. */
  readonly group: string
  /** Where the instance itself comes from. */
  readonly origin: Origin
  /** Full name of the service, for problems. */
  readonly resource: string
}

export interface MadeEndpoint {
  /** Undefined when the instance cannot serve the service. */
  readonly endpoint: Endpoint | undefined
  readonly problems: readonly Problem[]
}

const serverShape = {
  port: fields.integer('', { min: 1, max: 65_535 }).optional(),
  weight: fields.integer('', { min: 0, max: 1_000_000 }).optional(),
}
const serverSchema = loadBalancerOptions(fields).server

/** The instance as an endpoint of a service: which address, port, scheme and weight. */
export function endpointOf(instance: Instance, words: ServerWords): MadeEndpoint {
  const problems: Problem[] = []
  const server = readServer(words, problems)
  if (server === undefined) return { endpoint: undefined, problems }
  const share = readShare(words, instance, problems)
  const target =
    server.url === undefined ? fromPort(instance, server, words) : fromUrl(server.url, server, words)
  if ('code' in target) return { endpoint: undefined, problems: [...problems, target] }
  problems.push(...target.notes)
  const { scheme, host, port, pathPrefix } = target
  const { zone, terminating, unproven } = instance
  const endpoint = {
    key: `${isIP(host) === 6 ? `[${host}]` : host}:${port}#${instance.id}`,
    scheme,
    host,
    port,
    pathPrefix,
    ...share,
    ...(zone === undefined ? {} : { zone }),
    instance: instanceLabel(instance),
    ...(terminating === true ? { terminating } : {}),
    ...(unproven === true ? { unproven } : {}),
  }
  return { endpoint, problems }
}

type Server = NonNullable<OptionsOf<ReturnType<typeof loadBalancerOptions>>['server']>

interface Target {
  readonly scheme: Endpoint['scheme']
  readonly host: string
  readonly port: number
  readonly pathPrefix: string
  readonly notes: readonly Problem[]
}

/** The server's options. Undefined when a value that decides where requests go is wrong: guessing could lead astray. */
function readServer({ server, resource, origin }: ServerWords, problems: Problem[]): Server | undefined {
  const { value, problems: found } = decodeSchema(
    serverSchema,
    withoutWeight(server) ?? scalar(true, origin),
    { resource, trusted: false },
  )
  problems.push(...found)
  return value
}

/** A weight has a value to fall back on, so that it is read by itself. */
function withoutWeight(server: SourceNode | undefined): SourceNode | undefined {
  if (server?.kind !== 'section') return server
  return section(
    new Map([...server.entries].filter(([key]) => key.toLowerCase() !== 'weight')),
    server.origin,
  )
}

type Share = Pick<Endpoint, 'weight' | 'canary'>

/** `weight=5`: its weight among the others. `weight=5%`: what it and the other canaries of its version get together. */
function readShare(words: ServerWords, instance: Instance, problems: Problem[]): Share {
  const { weight = 1 } = instance
  for (const node of [words.weight, child(words.server, 'weight')]) {
    const share = node && readShareWord(node, weight, words, problems)
    if (share !== undefined) return share
  }
  return { weight }
}

/** Undefined when it is wrong, so that another word may count. */
function readShareWord(
  node: SourceNode,
  weight: number,
  { group, resource }: ServerWords,
  problems: Problem[],
): Share | undefined {
  const text = node.kind === 'scalar' ? String(node.value) : ''
  if (text.trim().endsWith('%')) {
    const percent = parsePercentage(text)
    if (percent === undefined) problems.push(badPercentage(text, node.origin, resource))
    return percent === undefined
      ? undefined
      : percent === 0
        ? { weight: 0 }
        : { weight, canary: { group, percent } }
  }
  const { value, problems: found } = decode(
    { weight: serverShape.weight },
    section(new Map([['weight', node]]), node.origin),
    { resource },
  )
  problems.push(...found)
  return value?.weight === undefined ? undefined : { weight: value.weight }
}

function badPercentage(text: string, origin: Origin, resource: string): Problem {
  const message = `\`weight\`: \`${printable(text, 40)}\` is no percentage from 0 to 100`
  return complain({ code: 'E102', origin, resource, message, remedy: 'write it as `5%` or `0.5%`' })
}

function fromPort(instance: Instance, server: Server, words: ServerWords): Target | Problem {
  const { resource, origin } = words
  const checked = checkAddress(instance.address)
  if ('refused' in checked) return refusal(checked.refused, words, origin)
  const port = server.port ?? instancePort(words)
  if (typeof port === 'object') return port
  const chosen = port === undefined ? instance.ports[0]?.port : mappedPort(instance, port)
  if (chosen === undefined || !isPort(chosen)) {
    return complain({
      code: 'E303',
      origin,
      resource,
      message: 'the instance has no port, and its tags name none',
      remedy: 'register a port, or add a tag `loadbalancer.server.port`',
    })
  }
  if (server.scheme === 'h2c') return pendingScheme(words)
  return { scheme: server.scheme, host: checked.host, port: chosen, pathPrefix: '', notes: [] }
}

function pendingScheme({ server, resource, origin }: ServerWords): Problem {
  const message = '`h2c` is understood but not built yet, and so the instance is left out'
  return complain({
    code: 'E105',
    origin: child(server, 'scheme')?.origin ?? origin,
    resource,
    message,
    remedy: 'use `http` or `https`',
  })
}

function instancePort({ port, resource }: ServerWords): number | Problem | undefined {
  if (port === undefined) return undefined
  const { value, problems } = decode(
    { port: serverShape.port },
    section(new Map([['port', port]]), port.origin),
    { resource },
  )
  return value === undefined ? problems[0]! : value.port
}

/** A port inside a container is reached through the port that it is mapped to. */
function mappedPort({ ports }: Instance, wanted: number): number {
  return ports.find(({ containerPort }) => containerPort === wanted)?.port ?? wanted
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}

function fromUrl(text: string, server: Server, words: ServerWords): Target | Problem {
  const { resource } = words
  const { origin } = child(words.server, 'url')!
  const parsed = parseServerUrl(text.trim())
  if ('code' in parsed)
    return complain({ ...parsed, origin, resource, message: `the url of the server ${parsed.message}` })
  const checked = checkAddress(parsed.host)
  if ('refused' in checked) return refusal(checked.refused, words, origin)
  const { scheme, port, path } = parsed
  return {
    scheme,
    host: checked.host,
    port,
    pathPrefix: server.preservePath ? path : '',
    notes: unusedBesideUrl(words),
  }
}

/** A url says it all. */
function unusedBesideUrl({ server, resource }: ServerWords): Problem[] {
  return ['port', 'scheme'].flatMap((name) => {
    const node = child(server, name)
    if (node === undefined) return []
    const message = `\`${name}\` has no effect beside \`url\``
    return [
      complain({
        code: 'E106',
        severity: 'warning',
        origin: node.origin,
        resource,
        message,
        remedy: 'remove one of them',
      }),
    ]
  })
}

function refusal(why: string, { resource }: ServerWords, origin: Origin): Problem {
  return complain({
    code: 'E304',
    origin,
    resource,
    message: `the instance is left out: its address ${why}`,
    remedy: 'register the address at which the service can be reached',
  })
}
