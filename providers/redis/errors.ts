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

/** No sentinel knows a server that may be read. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError'
}
