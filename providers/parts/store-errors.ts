/** The server holds the connection and says nothing. */
export class SilentError extends Error {
  override readonly name = 'SilentError'
}

/** There is more below the root than is read. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
}
