import type { Problem, ProblemCode } from '../../src/config/problem.ts'
import { printable } from '../../src/config/printable.ts'
import { reasonOf } from '../parts/reason.ts'
import { SilentError, TooLargeError } from '../parts/store-errors.ts'
import { AuthenticationError, BehindError, ReadError } from './errors.ts'
import { MalformedError } from './jute.ts'

interface Credentials {
  readonly username: string
}

/** What broke as a sentence: who did not do what, why, and what to do. It never holds the password. */
export function toProblem(
  error: unknown,
  endpoint: string,
  source: string,
  credentials: Credentials | undefined,
): Problem {
  const [code, says, remedy] = findingOf(error, credentials)
  const message = printable(`ZooKeeper at ${endpoint} ${says}`)
  return { code, severity: 'error', message, remedy, origin: { source, key: 'endpoints' } }
}

type Finding = readonly [code: ProblemCode, says: string, remedy: string]

function findingOf(error: unknown, credentials: Credentials | undefined): Finding {
  if (error instanceof ReadError && error.denied) return denied(error, credentials)
  if (error instanceof AuthenticationError) {
    const remedy = 'see whether `username` and `password` are right, and whether the server allows digest'
    return ['E402', 'denied access: it refused the user', remedy]
  }
  if (error instanceof ReadError) {
    return ['E404', `answered ${error.message} for ${error.path}`, 'see the log of the server']
  }
  if (error instanceof BehindError) {
    return ['E404', `shows an older state than was seen before`, 'see whether the server follows its leader']
  }
  if (error instanceof TooLargeError) {
    return ['E404', `holds ${error.message} below the root`, 'name a smaller part of the tree with `rootKey`']
  }
  if (error instanceof MalformedError) {
    const remedy = 'see whether `endpoints` are those of ZooKeeper clients, without TLS'
    return ['E404', `gave an answer that is none of ZooKeeper's: ${error.message}`, remedy]
  }
  if (error instanceof SilentError) {
    return ['E401', 'did not answer in time', 'see whether the server hangs or a firewall drops packets']
  }
  const remedy = 'see whether the server runs, listens there and is part of a quorum'
  return ['E401', `cannot be reached: ${reasonOf(error)}`, remedy]
}

function denied({ path }: ReadError, credentials: Credentials | undefined): Finding {
  const says = `denied access to ${path}`
  if (!credentials) {
    return ['E402', says, 'set `username` and `password` to those of a user that its access list lets read']
  }
  const remedy = `see whether \`password\` is that of the user, and \`getAcl ${path}\` lets it read`
  return ['E402', `${says} as ${credentials.username}`, remedy]
}
