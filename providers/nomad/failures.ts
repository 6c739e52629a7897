import type { Problem } from '../../src/config/problem.ts'
import type { Finding } from '../parts/finding.ts'
import { BrokenAnswerError, LateAnswerError } from '../parts/http-source.ts'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import { NoLeaderError } from '../parts/long-poll.ts'
import { oneLine, reasonOf } from '../parts/reason.ts'
import { StatusError } from './client.ts'
import type { Connection } from './connection.ts'

/** What a failed call was about. */
export interface Attempt {
  /** Such as `the list of services`, or a service by name. */
  readonly what: string
  /** The provider's name. */
  readonly source: string
  readonly connection: Pick<Connection, 'address' | 'token' | 'secure'>
  readonly namespace: string
  readonly resource?: string
}

const LONGEST_REASON = 200

/** A failed call as a sentence: who did not do what, why, and what to do. It never holds the token. */
export function toProblem(error: unknown, attempt: Attempt): Problem {
  const { what, source, connection, namespace, resource } = attempt
  const { code, says, remedy } = findingOf(error, attempt)
  const place = namespace === '*' ? '' : ` for namespace ${namespace}`
  return {
    code,
    severity: 'error',
    message: oneLine(`Nomad at ${connection.address}${place} ${says}, asked for ${what}`, [connection.token]),
    remedy,
    origin: { source, key: 'endpoint.address' },
    ...(resource === undefined ? {} : { resource }),
  }
}

function findingOf(error: unknown, attempt: Attempt): Finding {
  const reason = reasonOf(error).slice(0, LONGEST_REASON)
  if (error instanceof StatusError) return refused(error.status, reason, attempt)
  if (error instanceof NoLeaderError)
    return { code: 'E403', says: `gave no sound answer: ${reason}`, remedy: LEADERLESS }
  if (error instanceof UnsoundAnswerError)
    return { code: 'E404', says: `gave an answer that is none of Nomad's: ${reason}`, remedy: NOT_NOMAD }
  if (error instanceof LateAnswerError) {
    const remedy = 'see whether the agent hangs or a firewall drops packets'
    return { code: 'E401', says: 'did not answer in time', remedy }
  }
  if (error instanceof BrokenAnswerError)
    return { code: 'E401', says: `gave no whole answer: ${reason}`, remedy: LOG }
  const tls = attempt.connection.secure ? ', and endpoint.tls trusts its certificate' : ''
  const remedy = `see whether the agent runs and listens there${tls}`
  return { code: 'E401', says: `cannot be reached: ${reason}`, remedy }
}

const LEADERLESS = 'see `nomad server members`: a majority of the servers must run and reach each other'
const NOT_NOMAD = 'see whether endpoint.address is that of a Nomad agent, 1.3 or later'
const LOG = 'see the log of the agent'

function refused(status: number, reason: string, { namespace }: Attempt): Finding {
  if (status === 401 || status === 403) {
    const where = namespace === '*' ? '"*"' : JSON.stringify(namespace)
    return {
      code: 'E402',
      says: `denied access (${status} ${reason})`,
      remedy: `give endpoint.token a policy with namespace ${where} { capabilities = ["read-job"] }`,
    }
  }
  if (/no cluster leader|leader/i.test(reason) && status >= 500)
    return { code: 'E403', says: `has no leader (${status} ${reason})`, remedy: LEADERLESS }
  if (/no path to region/i.test(reason)) {
    return {
      code: 'E401',
      says: `knows no way to the region (${reason})`,
      remedy: 'see whether endpoint.region is one of `nomad operator api /v1/regions`',
    }
  }
  if (status === 429) {
    const remedy =
      'raise limits.http_max_conns_per_client of the agent, or refreshInterval and checksInterval'
    return { code: 'E404', says: `refused for being asked too often (429 ${reason})`, remedy }
  }
  const remedy = status >= 500 ? LOG : NOT_NOMAD
  return { code: 'E404', says: `answered with an error (${status} ${reason})`, remedy }
}
