import type { Origin, Problem } from '../config/problem.ts'
import { child, section } from '../config/source-tree.ts'
import type { SectionNode } from '../config/source-tree.ts'
import { complain } from './complaint.ts'
import { normalize } from './names.ts'
import { KINDS, PLACES } from './old-places.ts'
import { translateOldRule } from './old-rule.ts'
import type { OldModifier } from './old-rule.ts'
import { TagTree } from './tag-tree.ts'

/** A label of Traefik v1 on an instance. */
export interface OldLabel {
  /** What follows the prefix, in lower case, without the name of the segment. */
  readonly key: string
  /** As in `traefik.<segment>.port`; empty for a label of the whole container. */
  readonly segment: string
  readonly value: string
  readonly origin: Origin
  /** The label that says the same today. */
  readonly today: string
}

export interface OldRouting {
  /** Sections `routers`, `services` and `middlewares`. */
  readonly http: SectionNode
  readonly problems: readonly Problem[]
}

/** What routers and services are called whose labels do not say. */
export interface OldNames {
  /** As in Traefik v1: the same for all versions of an application, since they share the rule that was written. */
  readonly ofRule: string
  /** Of the default rule, which each version has for itself. */
  readonly ofDefault: string
}

/**
 * What labels of Traefik v1 ask for, in the form that tags of today have. Every label is listed as a problem: a
 * warning when it is read, an error when it is not.
 */
export function oldRouting(labels: readonly OldLabel[], names: OldNames, origin: Origin): OldRouting {
  const translation = new Translation(origin)
  const shared = labels.filter(({ segment }) => segment === '')
  const segments = new Set(labels.map(({ segment }) => segment).filter((segment) => segment !== ''))
  if (segments.size === 0) translation.add(nameFor(shared, names), shared, '')
  for (const segment of segments) {
    const own = labels.filter((label) => label.segment === segment)
    const inherited = shared.filter(({ key }) => !own.some((label) => label.key === key))
    const all = [...inherited, ...own]
    translation.add([nameFor(all, names), normalize(segment)].join('-'), all, segment)
  }
  return translation.result()
}

function nameFor(labels: readonly OldLabel[], { ofRule, ofDefault }: OldNames): string {
  return labels.some(({ key }) => key === 'frontend.rule') ? ofRule : ofDefault
}

/** Of one instance; nobody reads more. */
const MOST_PROBLEMS = 50

/** One router with its service. */
interface Names {
  readonly router: string
  readonly service: string
  readonly kinds: Set<string>
}

class Translation {
  readonly #origin: Origin
  readonly #tree: TagTree
  readonly #problems = new Map<Origin, Problem>()

  constructor(origin: Origin) {
    this.#origin = origin
    this.#tree = new TagTree(origin)
  }

  add(router: string, labels: readonly OldLabel[], segment: string): void {
    const backend = labels.find(({ key }) => key === 'backend')
    const names = { router, service: serviceName(backend, segment) || router, kinds: new Set<string>() }
    this.#put(['services', names.service, 'loadBalancer'], 'true', this.#origin)
    this.#put(['routers', router, 'service'], names.service, backend?.origin ?? this.#origin)
    const modifiers: string[] = []
    for (const label of labels.toSorted(permanentLast)) {
      if (label.key === 'frontend.rule') modifiers.push(...this.#rule(label, names))
      else this.#list(label, this.#translate(label, names))
    }
    const kinds = KINDS.filter((kind) => names.kinds.has(kind)).map((kind) => middlewareName(names, kind))
    const middlewares = [...kinds, ...modifiers]
    if (middlewares.length > 0)
      this.#put(['routers', router, 'middlewares'], middlewares.join(), this.#origin)
  }

  result(): OldRouting {
    const node = this.#tree.toNode(() => undefined)
    const http = child(node, 'http')
    return {
      http: http?.kind === 'section' ? http : section(new Map(), this.#origin),
      problems: [...this.#problems.values()].slice(0, MOST_PROBLEMS),
    }
  }

  /** True when it is read. */
  #translate({ key, value, origin }: OldLabel, names: Names): boolean {
    if (key === 'backend') return true
    if (key === 'backend.loadbalancer.method') return value.toLowerCase() === 'wrr'
    if (key === 'frontend.redirect.permanent') return this.#permanent(value, origin, names)
    if (key === 'frontend.redirect.entrypoint') return this.#redirect(value, origin, names)
    const headers = /^frontend\.headers\.(custom(?:request|response)headers)$/.exec(key)?.[1]
    if (headers !== undefined) return this.#headers(headers, value, origin, names)
    const place = PLACES.get(key)
    if (!place) return false
    const [of, ...path] = place
    if (of === 'router') this.#put(['routers', names.router, ...path], value, origin)
    else if (of === 'service') this.#put(['services', names.service, ...path], value, origin)
    else this.#putMiddleware(path, value, origin, names)
    return true
  }

  /** An entry point that is named after its scheme; what others stand for is not known here. */
  #redirect(value: string, origin: Origin, names: Names): boolean {
    if (!/^https?$/i.test(value)) return false
    this.#putMiddleware(['redirectScheme', 'scheme'], value.toLowerCase(), origin, names)
    return true
  }

  /** Of the redirect that other labels define. */
  #permanent(value: string, origin: Origin, names: Names): boolean {
    const kind = ['redirectScheme', 'redirectRegex'].find((one) => names.kinds.has(one))
    if (kind !== undefined) this.#putMiddleware([kind, 'permanent'], value, origin, names)
    return kind !== undefined
  }

  /** `Name:value||Other:value` */
  #headers(option: string, value: string, origin: Origin, names: Names): boolean {
    const fields = value.split('||').map((field) => /^([^:]+):(.*)$/.exec(field.trim()))
    if (fields.includes(null)) return false
    for (const field of fields)
      this.#putMiddleware(['headers', option, field![1]!.trim()], field![2]!.trim(), origin, names)
    return true
  }

  /** Gives the names of the middlewares that do to the path what the rule did. One that cannot be read serves nothing. */
  #rule(label: OldLabel, { router }: Names): string[] {
    const translated = translateOldRule(label.value)
    const { origin } = label
    if ('error' in translated) {
      this.#put(['routers', router, 'rule'], label.value, origin)
      const message = `the rule of Traefik v1 is not understood: ${translated.error}`
      this.#problems.set(
        origin,
        complain({ code: 'E201', origin, message, remedy: `write \`${label.today}\`` }),
      )
      return []
    }
    this.#list(label, true)
    this.#put(['routers', router, 'rule'], translated.rule, origin)
    return translated.middlewares.map((modifier, index) =>
      this.#modifier(modifier, `${router}-path-${index + 1}`, origin),
    )
  }

  #modifier({ kind, options }: OldModifier, name: string, origin: Origin): string {
    for (const [option, value] of Object.entries(options))
      this.#put(['middlewares', name, kind, option], typeof value === 'string' ? value : value.join(), origin)
    return name
  }

  #putMiddleware(path: readonly string[], value: string, origin: Origin, names: Names): void {
    const kind = path[0]!
    names.kinds.add(kind)
    this.#put(['middlewares', middlewareName(names, kind), ...path], value, origin)
  }

  #put(path: readonly string[], text: string, origin: Origin): void {
    this.#tree.add(
      ['http', ...path].map((name) => ({ name })),
      { text, origin, rank: 0 },
    )
  }

  #list({ origin, today }: OldLabel, read: boolean): void {
    this.#problems.set(origin, oldForm(origin, today, read))
  }
}

/** The problem that a label of Traefik v1 is. */
export function oldForm(origin: Origin, today: string, read: boolean, why = ''): Problem {
  return complain({
    code: 'E307',
    severity: read ? 'warning' : 'error',
    origin,
    message: `this is a label of Traefik v1, and is ${read ? 'read for now' : 'not read'}${why}`,
    remedy: `write \`${today}\``,
  })
}

/** Segments that share the container's label have a service each nevertheless: their ports differ. */
function serviceName(backend: OldLabel | undefined, segment: string): string {
  if (!backend) return ''
  const inherited = backend.segment === '' && segment !== ''
  return normalize(inherited ? `${backend.value}-${segment}` : backend.value)
}

/** It needs to be known what is permanent. */
function permanentLast(a: OldLabel, b: OldLabel): number {
  return Number(a.key.endsWith('.permanent')) - Number(b.key.endsWith('.permanent'))
}

function middlewareName({ router }: Names, kind: string): string {
  return `${router}-${kind.toLowerCase()}`
}
