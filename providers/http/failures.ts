import type { Problem } from '../../src/config/problem.ts'
import type { Finding } from '../parts/finding.ts'
import type { HttpAnswer } from '../parts/http-source.ts'
import { BrokenAnswerError, LateAnswerError } from '../parts/http-source.ts'
import { oneLine, reasonOf } from '../parts/reason.ts'

/** An answer that holds no configuration, and so says nothing about it. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError'
  readonly status: number
  readonly location: string | undefined
  readonly why: string | undefined

  constructor({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>, why?: string) {
    super(why ?? `status ${status}`)
    this.status = status
    this.location = headers['location']
    this.why = why
  }
}

export interface About {
  /** The provider's name. */
  readonly source: string
  /** The URL without what may be secret in it. */
  readonly shown: string
  /** Never to be shown, whatever the server echoes. */
  readonly secrets: readonly string[]
}

/** A failed look as a sentence: who did not answer what, why, and what to do. */
export function toProblem(error: unknown, { source, shown, secrets }: About): Problem {
  const { code, says, remedy } = findingOf(error)
  return {
    code,
    severity: 'error',
    message: oneLine(`${shown} ${says}`, secrets),
    remedy: oneLine(remedy, secrets),
    origin: { source, key: 'endpoint' },
  }
}

function findingOf(error: unknown): Finding {
  if (error instanceof UnusableAnswerError) return unusable(error)
  if (error instanceof LateAnswerError) {
    const remedy = 'see whether the server hangs, or raise pollTimeout'
    return { code: 'E401', says: `did not answer in time: ${error.message}`, remedy }
  }
  if (error instanceof BrokenAnswerError) {
    const remedy = /longer than/.test(error.message)
      ? 'raise maxResponseBodySize (16 MiB at most), or see whether endpoint is right'
      : 'see the log of the server'
    return { code: 'E404', says: `gave no whole answer: ${error.message}`, remedy }
  }
  const remedy = 'see whether the server runs and listens there, and whether tls trusts its certificate'
  return { code: 'E401', says: `cannot be reached: ${reasonOf(error)}`, remedy }
}

function unusable({ status, location, why }: UnusableAnswerError): Finding {
  if (why !== undefined) {
    const remedy = 'have the server send Content-Length or chunks'
    return { code: 'E404', says: `gave no sound answer: ${why}`, remedy }
  }
  if (status === 401 || status === 403) {
    const remedy = 'set the field that the server wants in headers, such as Authorization'
    return { code: 'E402', says: `denied access (${status})`, remedy }
  }
  if (status >= 300 && status < 400 && location !== undefined) {
    // It is not followed: the fields of `headers` are meant for this server.
    const remedy = `name that as endpoint: ${withoutSecrets(location)}`
    return { code: 'E404', says: `redirects elsewhere (${status})`, remedy }
  }
  const remedy = status >= 500 ? 'see the log of the server' : 'see whether endpoint is right'
  return { code: 'E404', says: `answered with status ${status} instead of 200`, remedy }
}

function withoutSecrets(location: string): string {
  const url = URL.parse(location)
  return url ? `${url.origin}${url.pathname}` : location.replace(/[?#].*$/s, '')
}
