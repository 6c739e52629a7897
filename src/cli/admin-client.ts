import type { ApiConfig } from '../config/api.ts'
import type { CliContext } from './context.ts'
import { reachableHost } from './healthcheck.ts'

/** Milliseconds that the running process may take to answer. */
const TIMEOUT = 10_000

/** What became of a call: its answer, or why there is none. */
export type Called =
  | { readonly outcome: 'done'; readonly answer: unknown }
  | { readonly outcome: 'refused' | 'unreachable'; readonly error: string; readonly remedy: string }

/** Where the admin API of a process with this configuration is. */
export function adminUrl({ listen, basePath }: ApiConfig): string {
  return `http://${reachableHost(listen)}:${listen.port}${basePath}`
}

/** Has the running process do something, with the token of the configuration. Never rejects. */
export async function callAdmin(
  api: ApiConfig,
  path: string,
  body: Readonly<Record<string, string>>,
  context: CliContext,
): Promise<Called> {
  const url = adminUrl(api)
  const token = await tokenOf(api, context)
  if (token === undefined)
    return {
      outcome: 'refused',
      error: 'there is no token to ask with',
      remedy: 'give the same `api.token` or `api.tokenFile` as to the running process, or TIDEGATE_API_TOKEN',
    }
  try {
    // Only here: `run` loads this file too, and undici costs megabytes.
    const { request } = await import('undici')
    const response = await request(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
    })
    const answer = (await response.body.json()) as { error?: string; remedy?: string }
    if (response.statusCode === 200) return { outcome: 'done', answer }
    const { error = `it answered ${response.statusCode}`, remedy = 'see its log' } = answer
    return { outcome: 'refused', error, remedy }
  } catch (error) {
    return unreachable(url, error as NodeJS.ErrnoException)
  }
}

/**
 * Reads a page of the running process: at `url`, or where this configuration puts its admin API. The token is sent where
 * there is one. Never rejects.
 */
export async function readAdmin(
  api: ApiConfig | undefined,
  path: string,
  context: CliContext,
  url = api && adminUrl(api),
): Promise<Called> {
  if (url === undefined)
    return {
      outcome: 'refused',
      error: '`api` is not configured, so nobody answers',
      remedy: 'start Tidegate with `--api`, and this command, too; or name the URL',
    }
  const token = api && (await tokenOf(api, context))
  try {
    const { request } = await import('undici')
    const response = await request(`${url}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT),
    })
    const answer: unknown = await response.body.json().catch(() => ({}))
    if (response.statusCode === 200) return { outcome: 'done', answer }
    const {
      error = `${url}${path} answered ${response.statusCode}`,
      remedy = 'is this the admin API of Tidegate?',
    } = answer as { error?: string; remedy?: string }
    return { outcome: 'refused', error, remedy }
  } catch (error) {
    return unreachable(url, error as NodeJS.ErrnoException)
  }
}

/** The token of this configuration; undefined when there is none, or its file cannot be read. */
export async function tokenOf(
  { token, tokenFile }: ApiConfig,
  context: CliContext,
): Promise<string | undefined> {
  if (token !== undefined || tokenFile === undefined) return token
  const text = await context.readText(tokenFile).catch(() => '')
  return text.trim() === '' ? undefined : text.trim()
}

function unreachable(url: string, { name, code }: NodeJS.ErrnoException): Called {
  const why =
    name === 'TimeoutError'
      ? `did not answer within ${TIMEOUT / 1_000} s`
      : `could not be asked (${code ?? name})`
  return {
    outcome: 'unreachable',
    error: `the admin API at ${url} ${why}`,
    remedy: 'is Tidegate running, with the same `api.address`?',
  }
}
