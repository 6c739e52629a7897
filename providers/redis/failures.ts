import type { Problem, ProblemCode } from '../../src/config/problem.ts'
import { printable } from '../../src/config/printable.ts'
import { UnsoundAnswerError } from '../parts/json-shapes.ts'
import { reasonOf } from '../parts/reason.ts'
import { SilentError, TooLargeError } from '../parts/store-errors.ts'
import { NoServerError, RefusedError } from './errors.ts'
import type { RedisOptions } from './options.ts'

interface Attempt {
  readonly source: string
  readonly options: Pick<RedisOptions, 'username' | 'password' | 'tls' | 'sentinel'>
}

/** What broke as a sentence: who did not do what, why, and what to do. It never holds a password. */
export function toProblem(error: unknown, endpoint: string, { source, options }: Attempt): Problem {
  const [code, says, remedy] = findingOf(error, options)
  const who = options.sentinel ? `Redis by the sentinel at ${endpoint}` : `Redis at ${endpoint}`
  const message = printable(withoutSecrets(`${who} ${says}`, options))
  return { code, severity: 'error', message, remedy, origin: { source, key: 'endpoints' } }
}

type Finding = readonly [code: ProblemCode, says: string, remedy: string]

const NEEDED = 'SCAN, MGET and STRLEN on the keys below the root, and PSUBSCRIBE'

function findingOf(error: unknown, { username, password, tls, sentinel }: Attempt['options']): Finding {
  if (error instanceof RefusedError && error.denied) {
    const given = username || password ? 'see whether `username` and `password` are right' : 'set `password`'
    const remedy = error.code === 'NOPERM' ? `let the user do ${NEEDED}` : given
    return [
      'E402',
      `denied access: ${error.message}`,
      sentinel ? `${remedy}, at the sentinel as well` : remedy,
    ]
  }
  if (error instanceof RefusedError && error.unready) {
    return [
      'E403',
      `has no data now: ${error.message}`,
      'wait until it has loaded them or has a master again',
    ]
  }
  if (error instanceof RefusedError) {
    return [
      'E404',
      `answered with an error: ${error.message}`,
      'see whether it is Redis 6 or later, or Valkey',
    ]
  }
  if (error instanceof NoServerError) {
    return ['E403', `cannot be read: ${error.message}`, 'see `SENTINEL masters`, and `sentinel.masterName`']
  }
  if (error instanceof TooLargeError) {
    return ['E404', `holds ${error.message} below the root`, 'name a smaller part of the keys with `rootKey`']
  }
  if (error instanceof UnsoundAnswerError) {
    return [
      'E404',
      `gave an answer that is none of Redis: ${error.message}`,
      'see whether `endpoints` are right',
    ]
  }
  if (error instanceof SilentError) {
    return ['E401', 'did not answer in time', 'see whether the server hangs or a firewall drops packets']
  }
  const remedy = tls
    ? 'see whether the server runs and listens there, and `tls` trusts its certificate'
    : 'see whether the server runs and listens there, and whether it wants `tls`'
  return ['E401', `cannot be reached: ${reasonOf(error)}`, remedy]
}

function withoutSecrets(message: string, { password, sentinel }: Attempt['options']): string {
  return [password, sentinel?.password].reduce<string>(
    (safe, secret) => (secret ? safe.replaceAll(secret, '***') : safe),
    message,
  )
}
