import { ConfigurationError } from '../../src/config/problem.ts'
import type { Problem } from '../../src/config/problem.ts'
import type { ProviderTools, Update } from '../../src/discovery/provider.ts'
import type { HttpOptions } from './options.ts'
import { HttpSource } from '../parts/http-source.ts'
import type { HttpAnswer } from '../parts/http-source.ts'
import { readTls } from '../parts/tls-files.ts'
import { decodeAnswer } from './decode-answer.ts'
import { toProblem, UnusableAnswerError } from './failures.ts'

/** Bytes; as much as a file may hold. */
const LARGEST = 16 * 1024 * 1024

interface DocumentOptions {
  readonly source: HttpSource
  readonly path: string
  /** Milliseconds for one answer. */
  readonly within: number
  /** The URL as it may be shown. */
  readonly shown: string
  readonly toProblem: (error: unknown) => Problem
  readonly tools: Pick<ProviderTools, 'signal'>
}

/**
 * Prepares the questions.
 * @throws ConfigurationError when the endpoint is none, or a TLS file cannot be read
 */
export async function openDocument(options: HttpOptions, tools: ProviderTools): Promise<HttpDocument> {
  const { endpoint, headers, pollTimeout, maxResponseBodySize } = options
  const url = parseEndpoint(endpoint)
  if (!url) throw new ConfigurationError([wrongEndpoint(tools.name)])
  const shown = `${url.origin}${url.pathname}`
  const password = decodeURIComponent(url.password)
  const secrets = [...Object.values(headers), password, url.password, url.search.slice(1)]
  return new HttpDocument({
    source: await HttpSource.open({
      origin: url.origin,
      tls: await readTls(options.tls, 'tls', tools.name),
      headers: { ...authorization(url, password), ...headers },
      connections: 1,
      maxAnswer: maxResponseBodySize < 0 ? LARGEST : maxResponseBodySize,
      signal: tools.signal,
    }),
    path: url.pathname + url.search,
    within: pollTimeout,
    shown,
    toProblem: (error) => toProblem(error, { source: tools.name, shown, secrets }),
    tools,
  })
}

/** A document on a server, looked at again and again: each look gives what has changed since the last one. */
export class HttpDocument {
  readonly #options: DocumentOptions
  /** The answer that was read last, and what it came to. */
  #known: { readonly body: Buffer; readonly validators: Validators; readonly update: Update } | undefined
  /** A fault has been told since. */
  #faulty = false

  constructor(options: DocumentOptions) {
    this.#options = options
  }

  /** What is to be told; undefined when there is nothing new. `force`: whatever was told before. Never rejects. */
  async look(force: boolean): Promise<Update | undefined> {
    try {
      const same = await this.#isSame(force)
      if (same && !this.#faulty && !force) return undefined
      this.#faulty = false
      return this.#known?.update
    } catch (error) {
      if (this.#options.tools.signal.aborted) return undefined
      this.#faulty = true
      return { part: '', failure: this.#options.toProblem(error) }
    }
  }

  close(): void {
    this.#options.source.destroy()
  }

  /** Asks, and takes over what is new. */
  async #isSame(force: boolean): Promise<boolean> {
    const known = this.#known
    const conditions = force ? {} : (known?.validators ?? {})
    const answer = await this.#ask(conditions)
    if (answer.status === 304 && Object.keys(conditions).length > 0) return true
    if (answer.status !== 200) throw new UnusableAnswerError(answer)
    const { body } = await this.#whole(answer)
    const validators = validatorsOf(answer)
    if (known?.body.equals(body)) {
      this.#known = { ...known, validators }
      return true
    }
    this.#known = { body, validators, update: decodeAnswer(answer, this.#options.shown) }
    return false
  }

  /** Where an answer ends with its connection, half of one looks like a whole: two that agree are wanted. */
  async #whole(answer: HttpAnswer): Promise<HttpAnswer> {
    if (answer.delimited || this.#known?.body.equals(answer.body)) return answer
    const again = await this.#ask({})
    if (again.status === 200 && again.body.equals(answer.body)) return answer
    throw new UnusableAnswerError(answer, 'it does not tell its length, and came in two lengths')
  }

  #ask(headers: Validators): Promise<HttpAnswer> {
    const { source, path, within } = this.#options
    return source.get(path, { accept: ACCEPTED, ...headers }, within)
  }
}

const ACCEPTED = 'application/json, application/yaml, application/toml, text/*;q=0.9, */*;q=0.8'

type Validators = Readonly<Record<string, string>>

/** What makes the next question a conditional one (RFC 9110 §13.1). */
function validatorsOf({ headers }: HttpAnswer): Validators {
  const { etag, 'last-modified': date } = headers
  if (etag !== undefined) return { 'if-none-match': etag }
  return date === undefined ? {} : { 'if-modified-since': date }
}

function parseEndpoint(text: string): URL | undefined {
  const url = URL.parse(text.trim())
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined
}

/** Does not repeat what was written: some write passwords into addresses. */
function wrongEndpoint(source: string): Problem {
  return {
    code: 'E102',
    severity: 'error',
    message: 'endpoint is not a URL of HTTP',
    remedy: 'write it whole, such as https://config.example.com/tidegate.json',
    origin: { source, key: 'endpoint' },
  }
}

function authorization({ username }: URL, password: string): Readonly<Record<string, string>> {
  if (username === '') return {}
  const pair = Buffer.from(`${decodeURIComponent(username)}:${password}`).toString('base64')
  return { authorization: `Basic ${pair}` }
}
