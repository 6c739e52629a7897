/** What a call asks for. */
export interface CallSubject {
  /** As policies name it: `ecs:ListTasks`. */
  readonly action: string
  /** Such as `cluster prod`. */
  readonly resource: string
  readonly region: string
}

/**
 * `throttled` and `transient` may pass by themselves within seconds; `credentials` and `denied` need somebody to do
 * something; `missing` says that there is no such thing.
 */
export type FailureKind =
  | 'throttled'
  | 'transient'
  | 'time-out'
  | 'credentials'
  | 'denied'
  | 'missing'
  | 'other'

/** A call that has failed for good. */
export class CallError extends Error {
  override readonly name = 'CallError'
  readonly subject: CallSubject
  readonly kind: FailureKind

  constructor(subject: CallSubject, cause: unknown) {
    super(`${subject.action} failed`, { cause })
    this.subject = subject
    this.kind = kindOf(cause)
  }
}

export class TimeOutError extends Error {
  override readonly name = 'TimeOutError'

  constructor(limit: number) {
    super(`no answer within ${limit} ms`)
  }
}

/** What kind of failure an error of the SDK is. */
export function kindOf(error: unknown): FailureKind {
  if (error instanceof CallError) return error.kind
  if (error instanceof TimeOutError) return 'time-out'
  const { name, status } = signsOf(error)
  if (THROTTLED.test(name) || status === 429) return 'throttled'
  if (CREDENTIALS.test(name)) return 'credentials'
  // A gateway in between refuses in words of its own.
  if (DENIED.test(name) || status === 401 || status === 403) return 'denied'
  if (MISSING.test(name)) return 'missing'
  return status === undefined || status >= 500 ? 'transient' : 'other'
}

/** The name that AWS or the SDK gave an error, and the status of the answer, if there was one. */
export function signsOf(error: unknown): { readonly name: string; readonly status: number | undefined } {
  if (typeof error !== 'object' || error === null) return { name: '', status: undefined }
  const { name, code, $metadata, $response } = error as {
    name?: unknown
    code?: unknown
    $metadata?: { httpStatusCode?: number }
    $response?: { statusCode?: number }
  }
  const words = [name, code].filter((word) => typeof word === 'string' && word !== 'Error')
  return { name: words.join(' '), status: $metadata?.httpStatusCode ?? $response?.statusCode }
}

const THROTTLED =
  /throttl|TooManyRequests|RequestLimitExceeded|RateExceeded|SlowDown|BandwidthLimitExceeded|EC2Throttled|PriorRequestNotComplete/i
const CREDENTIALS =
  /Expired|Credentials|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|AuthFailure|MissingAuthenticationToken|InvalidToken|TokenRefreshRequired|TokenProvider/i
const DENIED = /AccessDenied|Unauthorized|NotAuthorized|OptInRequired|Forbidden/i
const MISSING = /NotFound|InvalidInstanceID/i
