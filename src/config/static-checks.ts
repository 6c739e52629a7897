import { isIP } from 'node:net'
import { ACCESS_FIELDS } from './access-log.ts'
import type { ApiConfig } from './api.ts'
import { apiAddress, wantsEntryPoint } from './api.ts'
import { decode } from './decode.ts'
import { entryPointOptions } from './entry-point.ts'
import type { EntryPointConfig } from './entry-point.ts'
import { fields } from './fields.ts'
import { clashes, parseListenAddress } from './listen-address.ts'
import { LABEL_NAME, METRIC_LABELS, MOST_BUCKETS } from './metrics.ts'
import { originAt } from './node-path.ts'
import type { Problem, ProblemCode } from './problem.ts'
import { fromPlain } from './source-tree.ts'
import type { SourceNode } from './source-tree.ts'
import { parseStatusRange } from './status-ranges.ts'
import type { ProviderShapes, StaticConfig, StaticOptions } from './static.ts'
import { didYouMean } from './suggest.ts'

/** The name of the entry point for what the program itself answers. */
const INTERNAL = 'traefik'

export interface Surroundings {
  /** The providers that there are. */
  readonly providers: ProviderShapes
  /** How many processors this machine has. */
  readonly cpus: number
}

export interface Completed {
  readonly config: StaticConfig
  readonly problems: readonly Problem[]
}

/**
 * Fills in the defaults that depend on other values (entry points, workers), takes addresses apart, and checks what
 * no single value can tell.
 */
export function completeStatic(
  options: StaticOptions,
  tree: SourceNode,
  { providers, cpus }: Surroundings,
): Completed {
  const completion = new Completion(options, tree)
  const entryPoints = completion.entryPoints()
  completion.checkAddresses(entryPoints)
  completion.checkRedirections()
  completion.checkPing()
  completion.checkMetrics()
  completion.checkAccessLog()
  completion.checkProviders()
  const api = completion.api(entryPoints)
  completion.checkNoEffect()
  const { providersThrottleDuration, precedence, snapshot } = options.providers
  const sources = configuredSources(options.providers, providers)
  const config: StaticConfig = {
    ...options,
    api,
    entryPoints,
    providers: { providersThrottleDuration, precedence, snapshot, sources },
    workers: options.workers ?? cpus,
  }
  return { config, problems: completion.problems }
}

/** The options of those providers that are configured and built. */
function configuredSources(options: object, providers: ProviderShapes): StaticConfig['providers']['sources'] {
  const found = Object.entries(options).filter(([name, value]) => providers.has(name) && value !== undefined)
  return new Map(found as [string, Record<string, unknown>][])
}

function defaultEntryPoint(address: string, internal: boolean): EntryPointConfig {
  const { value } = decode(entryPointOptions(fields), fromPlain({ address }, { source: 'default' }))
  const listen = parseListenAddress(address)
  if (!value || typeof listen === 'string') throw new Error(`the default address ${address} is not valid`)
  return { ...value, listen, internal }
}

class Completion {
  readonly problems: Problem[] = []
  readonly #options: StaticOptions
  readonly #tree: SourceNode

  constructor(options: StaticOptions, tree: SourceNode) {
    this.#options = options
    this.#tree = tree
  }

  entryPoints(): Map<string, EntryPointConfig> {
    const result = new Map<string, EntryPointConfig>()
    for (const [name, options] of Object.entries(this.#options.entryPoints)) {
      if (!/^[^@,\s]+$/.test(name)) {
        const remedy = 'choose a name without `@`, commas and spaces'
        this.#problem(
          'E211',
          ['entryPoints', name],
          `\`${name}\` cannot be the name of an entry point`,
          remedy,
        )
      }
      const path = ['entryPoints', name, 'address']
      if (options.address === '') {
        this.#problem(
          'E103',
          path,
          `\`${path.join('.')}\` is required`,
          'write, for example, `address: ":80"`',
        )
        continue
      }
      const listen = parseListenAddress(options.address)
      if (typeof listen === 'string') this.#problem('E102', path, `\`${path.join('.')}\`: ${listen}`)
      else if (listen.protocol === 'udp') this.#pendingUdp(path)
      else result.set(name, { ...options, listen, internal: name.toLowerCase() === INTERNAL })
    }
    return this.#withDefaults(result)
  }

  #pendingUdp(path: readonly string[]): void {
    const message = `\`${path.join('.')}\`: UDP is understood but not built yet, so this entry point is left out`
    this.#problem('E105', path, message, undefined, 'warning')
  }

  /** `http` when there is no other, and the internal one when `ping`, `metrics` or `api` needs it. */
  #withDefaults(found: Map<string, EntryPointConfig>): Map<string, EntryPointConfig> {
    const { entryPoints, ping, metrics, api } = this.#options
    if (Object.keys(entryPoints).length === 0) found.set('http', defaultEntryPoint(':80', false))
    const answering = [ping?.entryPoint, metrics?.prometheus?.entryPoint]
    const isNeeded = answering.includes(INTERNAL) || (api !== undefined && wantsEntryPoint(api))
    if (isNeeded && !Object.keys(entryPoints).includes(INTERNAL)) {
      found.set(INTERNAL, defaultEntryPoint(':8080', true))
    }
    return found
  }

  checkAddresses(entryPoints: ReadonlyMap<string, EntryPointConfig>): void {
    const earlier: [string, EntryPointConfig][] = []
    for (const [name, entryPoint] of entryPoints) {
      const other = earlier.find(([, { listen }]) => clashes(listen, entryPoint.listen))
      if (other) {
        const message = `entry points \`${other[0]}\` and \`${name}\` listen on the same address`
        const remedy = `give one of them another port than ${entryPoint.listen.port}`
        this.#problem('E102', ['entryPoints', name, 'address'], message, remedy)
      }
      earlier.push([name, entryPoint])
    }
  }

  checkRedirections(): void {
    for (const [name, { http }] of Object.entries(this.#options.entryPoints)) {
      const to = http.redirections?.entryPoint?.to
      if (to === undefined || /^:\d{1,5}$/.test(to)) continue
      const path = ['entryPoints', name, 'http', 'redirections', 'entryPoint', 'to']
      if (to === name) this.#problem('E102', path, `entry point \`${name}\` redirects to itself`)
      else this.#checkName(path, to)
    }
  }

  checkPing(): void {
    const name = this.#options.ping?.entryPoint
    if (name !== undefined && name !== INTERNAL) this.#checkName(['ping', 'entryPoint'], name)
  }

  checkMetrics(): void {
    const { prometheus } = this.#options.metrics ?? {}
    if (!prometheus) return
    const { entryPoint, buckets, headerLabels } = prometheus
    const path = ['metrics', 'prometheus']
    if (entryPoint !== INTERNAL) this.#checkName([...path, 'entryPoint'], entryPoint)
    const growing = buckets.every((bound, i) => i === 0 || bound > buckets[i - 1]!)
    if (!growing || buckets.length === 0 || buckets.length > MOST_BUCKETS) {
      const message = `\`metrics.prometheus.buckets\` must be 1 to ${MOST_BUCKETS} numbers that grow`
      this.#problem('E102', [...path, 'buckets'], message, 'write, for example, `[0.1, 0.3, 1.2, 5]`')
    }
    for (const label of Object.keys(headerLabels)) this.#checkLabel([...path, 'headerLabels', label], label)
  }

  checkAccessLog(): void {
    const { filters, fields: shown, format } = this.#options.accessLog ?? {}
    filters?.statusCodes.forEach((text, i) => {
      if (parseStatusRange(text)) return
      const path = ['accessLog', 'filters', 'statusCodes', i]
      const remedy = 'write a status such as `404`, or a range such as `500-599`'
      this.#problem('E102', path, `\`${text}\` is no status of an answer`, remedy)
    })
    const known = Object.keys(ACCESS_FIELDS)
    for (const name of Object.keys(shown?.names ?? {})) {
      const path = ['accessLog', 'fields', 'names', name]
      if (format !== 'json') this.#noEffect(path, 'only lines in JSON show fields by name')
      else if (!known.some((one) => one.toLowerCase() === name.toLowerCase())) {
        const message = `the access log has no field \`${name}\``
        this.#problem('E106', path, message, didYouMean(name, known) ?? 'remove it', 'warning')
      }
    }
  }

  #checkLabel(path: readonly string[], label: string): void {
    const taken: readonly string[] = METRIC_LABELS
    if (LABEL_NAME.test(label) && !label.startsWith('__') && !taken.includes(label)) return
    const why = taken.includes(label) ? 'is a label already' : 'cannot be the name of a label'
    this.#problem('E102', path, `\`${label}\` ${why}`, 'use letters, digits and `_` for a name of your own')
  }

  checkProviders(): void {
    const { providersThrottleDuration: _, precedence, snapshot: __, ...known } = this.#options.providers
    const names = Object.keys(known)
    precedence.forEach((name, i) => {
      if (names.some((one) => one.toLowerCase() === name.toLowerCase())) return
      const remedy = didYouMean(name, names) ?? 'name only providers that are configured'
      const path = ['providers', 'precedence', i]
      this.#problem(
        'E102',
        path,
        `\`providers.precedence\` names \`${name}\`, which is no configured provider`,
        remedy,
      )
    })
  }

  api(entryPoints: ReadonlyMap<string, EntryPointConfig>): ApiConfig | undefined {
    const { api } = this.#options
    if (!api) return undefined
    const path = ['api', 'address']
    const listen = parseListenAddress(apiAddress(api))
    if (typeof listen === 'string' || listen.protocol === 'udp') {
      const message = typeof listen === 'string' ? listen : 'it listens by TCP alone'
      this.#problem('E102', path, `\`${path.join('.')}\`: ${message}`)
      return undefined
    }
    const other = [...entryPoints].find(([, entryPoint]) => clashes(listen, entryPoint.listen))
    if (other) {
      const message = `entry point \`${other[0]}\` and \`api\` listen on the same address`
      this.#problem('E102', path, message, 'write, for example, `api.address: 127.0.0.1:8081`')
    }
    if (api.token !== undefined && api.tokenFile !== undefined)
      this.#noEffect(['api', 'tokenFile'], '`token` is given')
    if (api.disableDashboardAd !== undefined)
      this.#noEffect(['api', 'disableDashboardAd'], 'there is no advertisement')
    const basePath = api.basePath.split('/').filter((part) => part !== '')
    return {
      ...api,
      listen,
      // A port that the system chooses is not known before it listens.
      onEntryPoint: api.insecure && entryPoints.has(INTERNAL) && listen.port !== 0,
      basePath: basePath.map((part) => `/${part}`).join(''),
    }
  }

  checkNoEffect(): void {
    if (this.#options.global) this.#noEffect(['global'], 'nothing is ever sent anywhere')
    for (const [name, { reusePort, forwardedHeaders }] of Object.entries(this.#options.entryPoints)) {
      const path = ['entryPoints', name]
      if (reusePort !== undefined) this.#noEffect([...path, 'reusePort'], 'workers always share the port')
      this.#checkTrusted([...path, 'forwardedHeaders', 'trustedIPs'], forwardedHeaders)
    }
  }

  #checkTrusted(
    path: readonly string[],
    { insecure, trustedIPs }: EntryPointConfig['forwardedHeaders'],
  ): void {
    if (insecure && trustedIPs.length > 0) this.#noEffect(path, '`insecure` trusts every client')
    trustedIPs.forEach((range, i) => {
      if (isRange(range)) return
      const remedy = 'write an address such as `10.0.0.1` or a range such as `10.0.0.0/8`'
      this.#problem(
        'E102',
        [...path, i],
        `\`${path.join('.')}[${i}]\` is no IP address and no CIDR range`,
        remedy,
      )
    })
  }

  #noEffect(path: readonly string[], why: string): void {
    this.#problem('E106', path, `\`${path.join('.')}\` has no effect: ${why}`, 'remove it', 'warning')
  }

  /** An entry point whose address is wrong exists all the same. */
  #checkName(path: readonly string[], name: string): void {
    const written = Object.keys(this.#options.entryPoints)
    const known = written.length === 0 ? ['http'] : written
    if (known.includes(name)) return
    const remedy = didYouMean(name, known) ?? `there are ${known.map((one) => `\`${one}\``).join(', ')}`
    this.#problem('E208', path, `\`${path.join('.')}\` names the unknown entry point \`${name}\``, remedy)
  }

  #problem(
    code: ProblemCode,
    path: readonly (string | number)[],
    message: string,
    remedy?: string,
    severity: Problem['severity'] = 'error',
  ): void {
    const origin = originAt(this.#tree, path)
    this.problems.push({ code, severity, message, origin, ...(remedy === undefined ? {} : { remedy }) })
  }
}

function isRange(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? []
  const family = isIP(address)
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128))
}
