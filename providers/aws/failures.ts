import type { Problem } from '../../src/config/problem.ts'
import { ConfigurationError } from '../../src/config/problem.ts'
import type { Finding } from '../parts/finding.ts'
import { oneLine } from '../parts/reason.ts'
import { CallError, signsOf, TimeOutError } from './call-error.ts'
import type { CallSubject } from './call-error.ts'

export interface About {
  /** The provider's name. */
  readonly source: string
  /** Never to be shown, whatever AWS echoes. */
  readonly secret: string | undefined
}

interface AwsFinding extends Finding {
  /** The option that is to blame, if one is. */
  readonly key?: string
}

/** A failed call as a sentence: what was not allowed or not answered, about what, why, and what to do. */
export function toProblem(error: unknown, { source, secret }: About): Problem {
  if (error instanceof ConfigurationError && error.problems[0]) return error.problems[0]
  const subject = error instanceof CallError ? error.subject : undefined
  const cause = error instanceof CallError ? error.cause : error
  const { code, says, remedy, key } = findingOf(cause, subject)
  const place = subject ? ` (${subject.action} on ${subject.resource} in ${subject.region})` : ''
  return {
    code,
    severity: 'error',
    message: oneLine(`AWS${place} ${says}`, [secret]),
    remedy,
    origin: { source, ...(key === undefined ? {} : { key }) },
    ...(subject ? { resource: `${subject.resource} (${subject.region})` } : {}),
  }
}

function findingOf(error: unknown, subject: CallSubject | undefined): AwsFinding {
  const reason = reasonOf(error)
  const kind = new CallError(subject ?? NOWHERE, error).kind
  if (kind === 'credentials') return refusedCredentials(signsOf(error).name, reason)
  if (kind === 'denied') return denied(reason, subject)
  if (kind === 'throttled') {
    return {
      code: 'E404',
      says: `is asked too often by this account: ${reason}`,
      remedy: 'raise refreshSeconds if this lasts; until it passes, calls are made ever slower',
    }
  }
  if (kind === 'missing') {
    return {
      code: 'E102',
      says: `knows no such thing: ${reason}`,
      remedy: 'see whether its name, the region and the account of the credentials are right',
      key: subject?.resource.startsWith('cluster') ? 'clusters' : 'region',
    }
  }
  if (error instanceof TimeOutError)
    return { code: 'E401', says: `did not answer in time: ${reason}`, remedy: REACH, key: 'endpoint' }
  return unreadable(error, reason)
}

const NOWHERE: CallSubject = { action: '', resource: '', region: '' }
const REACH =
  'see whether the endpoint can be reached from here: security groups, NAT or VPC endpoints, and proxies'

function refusedCredentials(name: string, reason: string): AwsFinding {
  if (/CredentialsProvider|TokenProvider|CredentialsError/i.test(name)) {
    return {
      code: 'E402',
      says: `was not asked, since no credentials were found: ${reason}`,
      remedy:
        'give the task or machine a role, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or accessKeyID and secretAccessKey',
      key: 'accessKeyID',
    }
  }
  const expired = /expired/i.test(name) || /expired/i.test(reason)
  return {
    code: 'E402',
    says: expired
      ? `denied access: the credentials have expired (${reason})`
      : `does not accept the credentials: ${reason}`,
    remedy: expired
      ? 'renew them; they are read anew with every try, so that nothing has to be started again'
      : 'see whether they are those of this account, and whether the clock of this machine is right',
    key: 'accessKeyID',
  }
}

function denied(reason: string, subject: CallSubject | undefined): AwsFinding {
  const action = /perform:?\s+([\w-]+:\w+)/i.exec(reason)?.[1] ?? subject?.action ?? 'the action'
  const resource = /on resource:?\s+(\S+)/i.exec(reason)?.[1] ?? subject?.resource ?? 'the resource'
  return {
    code: 'E402',
    says: `denied access: ${action} is not allowed on ${resource}`,
    remedy: `allow ${action} in the policy of the role; terraform/policies holds the least one`,
  }
}

function unreadable(error: unknown, reason: string): AwsFinding {
  const { status } = signsOf(error)
  if (error instanceof SyntaxError || /deserializ|parse|unexpected (?:token|end)|XML/i.test(reason)) {
    return {
      code: 'E404',
      says: `gave an answer that is none of its own: ${reason}`,
      remedy: 'see whether endpoint is right',
      key: 'endpoint',
    }
  }
  if (status === undefined)
    return { code: 'E401', says: `cannot be reached: ${reason}`, remedy: REACH, key: 'endpoint' }
  const remedy =
    status >= 500
      ? 'see the health dashboard of AWS; what is known keeps serving'
      : 'see whether endpoint and region are right'
  return { code: 'E404', says: `answered with an error (${status}): ${reason}`, remedy }
}

/** Network errors of several addresses come as one error without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  const { name } = signsOf(error)
  // EC2 appends kilobytes that only it can decode.
  const message = error.message
    .replace(/\s*Encoded authorization failure message:.*$/s, '')
    .replace(/\s+Deserialization error:.*$/s, '')
  return message === '' || message === 'UnknownError' ? (code ?? name) : message
}
