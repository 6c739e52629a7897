import type { Problem, ProblemCode } from '../../src/config/problem.ts'
import type { Finding } from '../parts/finding.ts'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import { oneLine, reasonOf } from '../parts/reason.ts'
import { EtcdError } from './errors.ts'

export interface Attempt {
  /** The provider's name. */
  readonly source: string
  /** `host:port` */
  readonly endpoint: string
  readonly username: string | undefined
}

/** A failed session as a sentence: who did not do what, why, and what to do. No call's text holds a password. */
export function toProblem(error: unknown, attempt: Attempt): Problem {
  const { code, says, remedy } = findingOf(error, attempt)
  return {
    code,
    severity: 'error',
    message: oneLine(`etcd at ${attempt.endpoint} ${says}`, []),
    remedy,
    origin: { source: attempt.source, key: 'endpoints' },
  }
}

function findingOf(error: unknown, { username }: Attempt): Finding {
  if (error instanceof EtcdError) return refused(error, username)
  if (error instanceof UnsoundAnswerError)
    return { code: 'E404', says: `gave an answer that is none of etcd's: ${error.message}`, remedy: NOT_ETCD }
  if (TIMEOUTS.has(codeOf(error)))
    return {
      code: 'E401',
      says: 'did not answer in time',
      remedy: 'see whether it hangs or a firewall drops packets',
    }
  return {
    code: 'E401',
    says: `cannot be reached: ${reasonOf(error)}`,
    remedy:
      'see whether it runs and listens there for clients, with TLS exactly when `tls` or `https://` is set',
  }
}

const NOT_ETCD = 'see whether `endpoints` are the client addresses of etcd, 3.4 or later'
const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT'])

/** What etcd says, the code that it becomes, and what to do; the first that fits. */
const REFUSALS: readonly (readonly [RegExp, ProblemCode, string])[] = [
  [/authentication failed/i, 'E402', 'set `username` and `password` to those of a user of etcd'],
  [/user name is empty/i, 'E402', 'set `username` and `password`: this etcd wants a user'],
  [
    /permission denied/i,
    'E402',
    'let a role of the user read the keys: `etcdctl role grant-permission ROLE read --prefix=true tidegate/`',
  ],
  [/auth token/i, 'E402', 'set `username` and `password`'],
  [
    /no leader|request timed out|leader changed/i,
    'E403',
    'see `etcdctl endpoint status --cluster`; what is known keeps serving until there is a leader',
  ],
]

function refused({ message, status }: EtcdError, username: string | undefined): Finding {
  const reason = message.replace(/^(?:rpc error: code = \w+ desc = )?(?:etcdserver: )?/, '').slice(0, LONGEST)
  const known = REFUSALS.find(([pattern]) => pattern.test(message))
  if (!known) {
    const remedy = status === 404 ? `${NOT_ETCD}, with its gateway switched on` : 'see its log'
    return { code: 'E404', says: `answered with an error (${status} ${reason})`, remedy }
  }
  const [, code, remedy] = known
  const whom = code === 'E402' && username !== undefined ? ` to the user ${username}` : ''
  const says = code === 'E402' ? `denied access${whom}: ${reason}` : `has no leader: ${reason}`
  return { code, says, remedy }
}

const LONGEST = 200

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
