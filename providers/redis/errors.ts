/** The server answered with an error, such as `WRONGPASS …`. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'

  /** The first word of what it said, such as `NOAUTH`. */
  get code(): string {
    return /^[A-Z]+/.exec(this.message)?.[0] ?? ''
  }

  /** The user may not do this, or is not the one that the password belongs to. */
  get denied(): boolean {
    return DENIALS.has(this.code) || /^ERR (?:invalid password|AUTH )/i.test(this.message)
  }

  /** There is a server, but it has no data to answer from now. */
  get unready(): boolean {
    return UNREADY.has(this.code)
  }
}

const DENIALS = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM', 'DENIED'])
const UNREADY = new Set(['LOADING', 'MASTERDOWN', 'BUSY', 'CLUSTERDOWN', 'TRYAGAIN'])

/** The server holds the connection and says nothing. */
export class SilentError extends Error {
  override readonly name = 'SilentError'
}

/** What came is not what Redis answers. */
export class UnsoundAnswerError extends Error {
  override readonly name = 'UnsoundAnswerError'
}

/** No sentinel knows a server that may be read. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError'
}

/** There is more below the root than is read. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
}
