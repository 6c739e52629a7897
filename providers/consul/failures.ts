import type { Problem } from '../../src/config/problem.ts'
import type { Finding } from '../parts/finding.ts'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import { NoLeaderError } from '../parts/long-poll.ts'
import { oneLine } from '../parts/reason.ts'
import type { Connection } from './connection.ts'

/** What a failed call was about. */
export interface Attempt {
  /** Such as `the list of services`, or a service by name. */
  readonly what: string
  /** The provider's name. */
  readonly source: string
  readonly connection: Pick<Connection, 'address' | 'token' | 'secure'>
  readonly datacenter?: string | undefined
  readonly resource?: string
  /** What the provider calls its options. Default: those of the catalog. */
  readonly names?: OptionNames
}

/** How the options are called that remedies name, and what a token has to allow. */
export interface OptionNames {
  readonly address: string
  readonly token: string
  readonly tls: string
  readonly httpAuth: string
  readonly rules: string
}

const CATALOG: OptionNames = {
  address: 'endpoint.address',
  token: 'endpoint.token',
  tls: 'endpoint.tls',
  httpAuth: 'endpoint.httpAuth',
  rules: 'service_prefix "" { policy = "read" } and node_prefix "" { policy = "read" }',
}

/** A failed call as a sentence: who did not do what, why, and what to do. It never holds the token. */
export function toProblem(error: unknown, attempt: Attempt): Problem {
  const { what, source, connection, datacenter, resource } = attempt
  const { code, says, remedy } = findingOf(error, attempt)
  const place = datacenter === undefined ? '' : ` for datacenter ${datacenter}`
  return {
    code,
    severity: 'error',
    message: oneLine(`Consul at ${connection.address}${place} ${says}, asked for ${what}`, [
      connection.token,
    ]),
    remedy,
    origin: { source, key: (attempt.names ?? CATALOG).address },
    ...(resource === undefined ? {} : { resource }),
  }
}

function findingOf(error: unknown, { connection, datacenter, names = CATALOG }: Attempt): Finding {
  const { isResponse, isTimeout, isCodec, statusCode } = flagsOf(error)
  const reason = reasonOf(error)
  if (isResponse) return refused(statusCode ?? 0, reason, datacenter, names)
  if (error instanceof NoLeaderError)
    return { code: 'E403', says: `gave no sound answer: ${reason}`, remedy: LEADERLESS }
  if (error instanceof UnsoundAnswerError || isCodec) {
    return {
      code: 'E404',
      says: `gave an answer that is none of Consul's: ${reason}`,
      remedy: notConsul(names),
    }
  }
  if (isTimeout)
    return {
      code: 'E401',
      says: 'did not answer in time',
      remedy: 'see whether the agent hangs or a firewall drops packets',
    }
  return { code: 'E401', says: `cannot be reached: ${reason}`, remedy: unreachableRemedy(connection, names) }
}

const LEADERLESS =
  'see `consul operator raft list-peers`; what is known keeps serving until there is a leader'

function notConsul({ address }: OptionNames): string {
  return `see whether ${address} is that of the agent's HTTP API, with the right scheme`
}

function refused(
  status: number,
  reason: string,
  datacenter: string | undefined,
  names: OptionNames,
): Finding {
  if (status === 403) {
    return {
      code: 'E402',
      says: `denied access (403 ${reason})`,
      remedy: `give ${names.token} a token whose policy has ${names.rules}`,
    }
  }
  if (status === 401) {
    return {
      code: 'E402',
      says: `denied access (401 ${reason})`,
      remedy: `set ${names.httpAuth} to what the server before the agent wants`,
    }
  }
  if (/no cluster leader/i.test(reason))
    return { code: 'E403', says: 'has no cluster leader', remedy: LEADERLESS }
  if (/no path to datacenter/i.test(reason)) {
    return {
      code: 'E401',
      says: `knows no way to it (${reason})`,
      remedy: `see whether ${datacenter ?? 'the datacenter'} is one of \`consul catalog datacenters\``,
    }
  }
  if (status === 429) {
    return {
      code: 'E404',
      says: `refused for being asked too often (429 ${reason})`,
      remedy: 'raise limits.http_max_conns_per_client or the rate limits of the agent',
    }
  }
  const remedy = status >= 500 ? 'see the log of the agent' : notConsul(names)
  return { code: 'E404', says: `answered with an error (${status} ${reason})`, remedy }
}

function unreachableRemedy({ secure }: Attempt['connection'], { tls: option }: OptionNames): string {
  const tls = secure ? `, and ${option} trusts its certificate` : ''
  return `see whether the agent runs and listens there${tls}`
}

/** Network errors of several addresses come as one error without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  // The package puts its name before the message.
  const message = error.message.replace(/^consul: (?:[a-z.]+: )?/, '')
  return message === '' ? (code ?? error.name) : message
}

interface Flags {
  readonly isResponse?: boolean
  readonly isTimeout?: boolean
  readonly isCodec?: boolean
  readonly statusCode?: number
}

/** The package marks its errors with these. */
function flagsOf(error: unknown): Flags {
  return typeof error === 'object' && error !== null ? error : {}
}
