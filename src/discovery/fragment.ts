import type { Problem } from '../config/problem.ts'
import { child, scalar, section } from '../config/source-tree.ts'
import type { SectionNode, SourceNode } from '../config/source-tree.ts'
import { complain } from './complaint.ts'
import { compileConstraints } from './constraints.ts'
import { compileDefaults } from './defaults.ts'
import type { Defaults } from './defaults.ts'
import { endpointOf } from './endpoint.ts'
import type { Names } from './names.ts'
import { normalize } from './names.ts'
import { oldRouting } from './old-routing.ts'
import type { OldRouting } from './old-routing.ts'
import type { TagSourceOptions } from './options.ts'
import type { Instance } from './provider.ts'
import type { Endpoint, Fragment } from './routing-config.ts'
import { tagOrigin } from './tag-origin.ts'
import { readTags } from './tags.ts'
import type { TagReading } from './tags.ts'

export interface FragmentMaker {
  /**
   * What an instance asks for, defaults filled in. Undefined when it is not to be served: its tags say so, or it
   * does not meet the constraints. Pure, and never throws.
   */
  (instance: Instance): Fragment | undefined
  /** What is wrong with the provider's options themselves; listed once, not with every instance. */
  readonly problems: readonly Problem[]
}

export interface TaggedProvider {
  /** As in `name@provider`. */
  readonly name: string
  /** The language of its constraints. */
  readonly constraints: 'tag' | 'label'
}

/** Compiles a provider's options into the function that reads its instances. */
export function createFragmentMaker(options: TagSourceOptions, provider: TaggedProvider): FragmentMaker {
  const defaults = compileDefaults(options, provider.name)
  const constraints = compileConstraints(options.constraints, provider.constraints)
  const problems = [...defaults.problems, ...constraintProblems(constraints, provider.name)]
  const make = (instance: Instance): Fragment | undefined => {
    const tags = readTags(instance, { prefixes: options.prefix, provider: provider.name })
    if (!(tags.enable ?? options.exposedByDefault)) return unexposed(instance, tags, provider.name)
    // With a constraint that cannot be understood nothing is served: it was to keep instances out.
    if (!('matches' in constraints) || !constraints.matches(instance.tags)) return undefined
    return new Drafting(instance, tags, defaults, provider.name).fragment()
  }
  return Object.assign(make, { problems })
}

/** Nothing is served, but a misspelt `enable` must not pass in silence. */
function unexposed(instance: Instance, tags: TagReading, provider: string): Fragment | undefined {
  if (tags.enable === false || tags.problems.length === 0) return undefined
  return emptyFragment(instance, tags.problems, provider)
}

function emptyFragment(instance: Instance, problems: readonly Problem[], provider: string): Fragment {
  return { instance, http: section(new Map(), tagOrigin(provider, instance)), endpoints: new Map(), problems }
}

/** Makes one fragment. */
class Drafting {
  readonly #instance: Instance
  readonly #tags: TagReading
  readonly #defaults: Defaults
  readonly #provider: string
  readonly #names: Names
  readonly #http: SectionNode
  readonly #problems: Problem[]

  constructor(instance: Instance, tags: TagReading, defaults: Defaults, provider: string) {
    this.#instance = instance
    this.#tags = tags
    this.#defaults = defaults
    this.#provider = provider
    this.#names = defaults.names(instance, tags)
    const old = tags.old.length > 0 ? this.#oldRouting() : undefined
    this.#http = old?.http ?? tags.http
    this.#problems = [...tags.problems, ...(old?.problems ?? [])]
  }

  fragment(): Fragment {
    const http = this.#http
    const { hasStreams } = this.#tags
    if (hasStreams && http.entries.size === 0)
      return emptyFragment(this.#instance, this.#problems, this.#provider)
    const services = this.#services()
    const { vacant = false } = this.#instance
    const endpoints = vacant ? new Map<string, Endpoint>() : this.#endpoints(services)
    if (endpoints.size === 0 && !vacant) return emptyFragment(this.#instance, this.#problems, this.#provider)
    const middlewares = child(http, 'middlewares')
    const sections: (readonly [string, SourceNode])[] = [
      ['routers', this.#routers(services)],
      ['services', this.#section([...services].map(([name, node]) => [name, withoutServer(node)]))],
      ['middlewares', middlewares ?? this.#section([])],
    ]
    return { instance: this.#instance, http: this.#section(sections), endpoints, problems: this.#problems }
  }

  #oldRouting(): OldRouting {
    const { name } = this.#instance
    const names = { ofRule: normalize(name) || this.#names.service, ofDefault: this.#names.service }
    return oldRouting(this.#tags.old, names, tagOrigin(this.#provider, this.#instance))
  }

  /** As the tags name them; with none, one of the default name. */
  #services(): ReadonlyMap<string, SourceNode> {
    const named = child(this.#http, 'services')
    if (named?.kind === 'section' && named.entries.size > 0) return named.entries
    return new Map([[this.#names.service, this.#section([['loadBalancer', this.#section([])]])]])
  }

  #endpoints(services: ReadonlyMap<string, SourceNode>): ReadonlyMap<string, Endpoint> {
    const { port, weight } = this.#tags
    const origin = tagOrigin(this.#provider, this.#instance)
    const endpoints = new Map<string, Endpoint>()
    for (const [name, node] of services) {
      const server = child(child(node, 'loadBalancer'), 'server')
      const resource = `service ${name}@${this.#provider}`
      const group = this.#names.tag
      const words = { server, port, weight, group, origin, resource }
      const { endpoint, problems } = endpointOf(this.#instance, words)
      this.#problems.push(...problems)
      if (endpoint) endpoints.set(name, endpoint)
    }
    return endpoints
  }

  #routers(services: ReadonlyMap<string, SourceNode>): SourceNode {
    const named = child(this.#http, 'routers')
    const routers =
      named?.kind === 'section' && named.entries.size > 0 ? named.entries : this.#defaultRouters(services)
    const complete: [string, SourceNode][] = []
    let defaultRule: SourceNode | undefined
    for (const [name, node] of routers) {
      const rule = hasRule(node) ? child(node, 'rule') : (defaultRule ??= this.#defaultRule())
      if (rule) complete.push([name, this.#completed(node, rule, services)])
    }
    return this.#section(complete)
  }

  #defaultRouters(services: ReadonlyMap<string, SourceNode>): ReadonlyMap<string, SourceNode> {
    if (services.size === 1) return new Map([[this.#names.service, this.#section([])]])
    this.#problems.push(
      complain({
        code: 'E213',
        severity: 'warning',
        origin: tagOrigin(this.#provider, this.#instance),
        message: `no default router is made, since the tags define ${services.size} services`,
        remedy: 'define a router for each with tags `http.routers.<router>.rule` and `.service`',
      }),
    )
    return new Map()
  }

  #defaultRule(): SourceNode | undefined {
    const rule = this.#defaults.rule(this.#instance, this.#tags, this.#names)
    const origin = tagOrigin(this.#provider, this.#instance)
    if (rule !== undefined && 'text' in rule && rule.text.trim() !== '') return scalar(rule.text, origin)
    // A fault of the options has been listed with them.
    if (rule === undefined) return undefined
    const why = 'error' in rule ? rule.error : 'it is empty'
    this.#problems.push(
      complain({
        code: 'E306',
        origin,
        message: `the default rule cannot be used: ${why}`,
        remedy: 'name the rule with a tag `http.routers.<router>.rule`',
      }),
    )
    return undefined
  }

  /** Linked to the service when there is exactly one; which of several is meant, the merge has to ask. */
  #completed(router: SourceNode, rule: SourceNode, services: ReadonlyMap<string, SourceNode>): SourceNode {
    const entries = entriesWithout(router, ['rule'])
    entries.push(['rule', rule])
    const service = child(router, 'service')
    if (service?.kind === 'scalar' && service.value !== '') return section(new Map(entries), router.origin)
    const linked = entriesWithout(section(new Map(entries), router.origin), ['service'])
    if (services.size === 1) linked.push(['service', scalar([...services.keys()][0]!, router.origin)])
    return section(new Map(linked), router.origin)
  }

  #section(entries: readonly (readonly [string, SourceNode])[]): SectionNode {
    return section(new Map(entries), tagOrigin(this.#provider, this.#instance))
  }
}

function hasRule(router: SourceNode): boolean {
  const rule = child(router, 'rule')
  return rule !== undefined && !(rule.kind === 'scalar' && String(rule.value).trim() === '')
}

/** The service as it was written, its server apart: that has become an endpoint. */
function withoutServer(service: SourceNode): SourceNode {
  const balancer = child(service, 'loadBalancer')
  const rest = section(new Map(entriesWithout(balancer, ['server'])), balancer?.origin ?? service.origin)
  return section(
    new Map([...entriesWithout(service, ['loadbalancer']), ['loadBalancer', rest]]),
    service.origin,
  )
}

/** Entries of a section; an empty list for anything else. `keys` are in lower case. */
function entriesWithout(node: SourceNode | undefined, keys: readonly string[]): [string, SourceNode][] {
  return node?.kind === 'section'
    ? [...node.entries].filter(([key]) => !keys.includes(key.toLowerCase()))
    : []
}

function constraintProblems(
  compiled: ReturnType<typeof compileConstraints>,
  provider: string,
): readonly Problem[] {
  if (!('error' in compiled)) return []
  const { message, offset, remedy } = compiled.error
  const problem = {
    code: 'E305',
    origin: { source: provider, key: 'constraints' },
    message: `character ${offset + 1} of the constraints: ${message}; until this is right, no instance of ${provider} is served`,
    remedy,
  } as const
  return [complain(problem)]
}
