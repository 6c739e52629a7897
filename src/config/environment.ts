import type { z } from './fields.ts'
import { mergeTrees, treeOfPath } from './merge.ts'
import type { Origin, Problem } from './problem.ts'
import { kindAt, keysAt, pathOfWords } from './schema-path.ts'
import { section } from './source-tree.ts'
import type { SourceNode } from './source-tree.ts'
import { suggest } from './suggest.ts'

export interface ParsedEnvironment {
  readonly tree: SourceNode
  /** `TIDEGATE_CONFIGFILE`. */
  readonly configFile: string | undefined
  readonly problems: readonly Problem[]
}

export type Variables = Readonly<Record<string, string | undefined>>
export type ReadText = (path: string) => Promise<string>

/** The one read last wins. */
const PREFIXES = ['TRAEFIK_', 'TIDEGATE_']

/** What container platforms set for a service that happens to be called `tidegate` or `traefik`. */
const SERVICE_LINKS = /^(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_(?:TCP|UDP).*)?|NAME|ENV_.*)$/

/**
 * Reads `TIDEGATE_LOG_LEVEL` and its like; `TRAEFIK_…` counts as well, below the other. A secret may be given as the
 * name of a file: `TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_TOKEN_FILE`.
 */
export async function parseEnvironment(
  env: Variables,
  schema: z.ZodType,
  readText: ReadText,
): Promise<ParsedEnvironment> {
  const reader = new EnvironmentReader(schema, readText)
  for (const prefix of PREFIXES) {
    for (const [name, value] of Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (value !== undefined && name.startsWith(prefix))
        await reader.read(name, name.slice(prefix.length), value)
    }
  }
  return reader
}

class EnvironmentReader implements ParsedEnvironment {
  tree: SourceNode = section(new Map(), { source: 'environment' })
  configFile: string | undefined
  readonly problems: Problem[] = []
  readonly #schema: z.ZodType
  readonly #readText: ReadText

  constructor(schema: z.ZodType, readText: ReadText) {
    this.#schema = schema
    this.#readText = readText
  }

  async read(variable: string, name: string, value: string): Promise<void> {
    if (name.toUpperCase() === 'CONFIGFILE') {
      this.configFile = value
      return
    }
    const words = name.split('_')
    const path = pathOfWords(this.#schema, words)
    if (path) this.#put(path, value, variable)
    else if (words.at(-1)?.toUpperCase() === 'FILE') await this.#readSecret(variable, words, value)
    else this.#unknown(variable, words)
  }

  async #readSecret(variable: string, words: readonly string[], file: string): Promise<void> {
    const path = pathOfWords(this.#schema, words.slice(0, -1))
    if (!path || kindAt(this.#schema, path) !== 'secret') return this.#unknown(variable, words)
    try {
      this.#put(path, (await this.#readText(file)).replace(/\r?\n$/, ''), variable)
    } catch {
      const message = `the file that \`${variable}\` names cannot be read`
      this.#problem('E107', message, variable, 'check that the file exists and that this user may read it')
    }
  }

  #put(path: readonly string[], value: string, variable: string): void {
    this.tree = mergeTrees(this.tree, treeOfPath(path, value, originOf(variable)))
  }

  #unknown(variable: string, words: readonly string[]): void {
    if (SERVICE_LINKS.test(words.join('_'))) return
    const meant = this.#nearest(words)
    const prefix = variable.slice(0, variable.indexOf('_') + 1)
    const remedy = meant === undefined ? undefined : `did you mean \`${prefix}${meant.join('_')}\`?`
    this.#problem('E101', `unknown variable \`${variable}\``, variable, remedy)
  }

  /** Exchanges the first word that the schema does not know for the nearest one that it knows. */
  #nearest(words: readonly string[]): string[] | undefined {
    for (let known = words.length - 1; known >= 0; known--) {
      const path = pathOfWords(this.#schema, words.slice(0, known))
      const word = path && suggest(words[known]!, keysAt(this.#schema, path))
      if (word === undefined) continue
      const changed = [...words.slice(0, known), word.toUpperCase(), ...words.slice(known + 1)]
      if (pathOfWords(this.#schema, changed)) return changed
    }
    return undefined
  }

  #problem(code: Problem['code'], message: string, variable: string, remedy?: string): void {
    const origin = originOf(variable)
    // Variables of the other name were perhaps meant for another program.
    const severity = variable.startsWith('TIDEGATE_') ? 'error' : 'warning'
    this.problems.push({ code, severity, message, origin, ...(remedy === undefined ? {} : { remedy }) })
  }
}

function originOf(variable: string): Origin {
  return { source: 'environment', key: variable }
}
