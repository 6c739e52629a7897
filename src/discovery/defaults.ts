import { compileRegex } from '../config/regex.ts'
import type { Regex } from '../config/regex.ts'
import type { Origin, Problem } from '../config/problem.ts'
import { complain } from './complaint.ts'
import { namesOf } from './names.ts'
import type { Names } from './names.ts'
import type { TagSourceOptions } from './options.ts'
import type { Instance } from './provider.ts'
import type { TagReading } from './tags.ts'
import { compileTemplate } from './template/template.ts'
import type { Template } from './template/template.ts'

/** What instances get when their tags do not say otherwise. */
export interface Defaults {
  names(instance: Instance, tags: TagReading): Names
  /** The rule of routers that have none, or why there is none; undefined when that is a fault of the options. */
  rule(
    instance: Instance,
    tags: TagReading,
    names: Names,
  ): { readonly text: string } | { readonly error: string } | undefined
  /** What is wrong with the options themselves. */
  readonly problems: readonly Problem[]
}

/** Traefik's own default. */
const TRAEFIK_RULE = 'Host(`{{ normalize .Name }}`)'

/** Compiles the options that give default names and rules, once for all instances of a provider. */
export function compileDefaults(options: TagSourceOptions, provider: string): Defaults {
  const problems: Problem[] = []
  const pattern = compilePattern(options.tagPattern, { source: provider, key: 'tagPattern' }, problems)
  const given = options.defaultRule || undefined
  const template = compileRule(given ?? TRAEFIK_RULE, { source: provider, key: 'defaultRule' }, problems)
  return {
    problems,
    names: (instance, tags) => namesOf(instance, tags, options, pattern),
    rule(instance, tags, names) {
      if (given === undefined && names.domain !== '') return hostRule(names)
      return template?.render(dataOf(instance, tags, names))
    },
  }
}

function compilePattern(source: string, origin: Origin, problems: Problem[]): Regex | undefined {
  if (source === '') return undefined
  try {
    return compileRegex(source)
  } catch (error) {
    const { message } = error as Error
    problems.push(
      complain({ code: 'E102', origin, message, remedy: 'until it is right, no tag tells versions apart' }),
    )
    return undefined
  }
}

function compileRule(text: string, origin: Origin, problems: Problem[]): Template | undefined {
  const compiled = compileTemplate(text)
  if ('template' in compiled) return compiled.template
  const { message, offset, suggestion } = compiled.error
  problems.push(
    complain({
      code: 'E306',
      origin,
      message: `the template is malformed at character ${offset + 1}: ${message}`,
      remedy:
        suggestion === undefined
          ? 'until it is right, routers without a rule are left out'
          : `did you mean \`${suggestion}\`?`,
    }),
  )
  return undefined
}

function hostRule({ host }: Names): { readonly text: string } | { readonly error: string } {
  return host === ''
    ? { error: 'the host would be longer than 253 characters' }
    : { text: `Host(\`${host}\`)` }
}

function dataOf(instance: Instance, { labels }: TagReading, { app, tag, env, domain }: Names) {
  return {
    Name: instance.name,
    ID: instance.id,
    Address: instance.address,
    App: app,
    Tag: tag,
    Env: env,
    Domain: domain,
    Labels: labels,
    Meta: new Map(Object.entries(instance.meta ?? {})),
  }
}
