/** One thing that the admin API answers. */
export interface Page {
  /** What is not `GET` changes something, and wants the token. */
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** `body`: what was sent, read as JSON; undefined for `GET`. */
  readonly answer: (body: unknown) => PageAnswer
}

export interface PageAnswer {
  readonly status: number
  /** Sent as JSON. */
  readonly body: unknown
  /** Set when something was changed: what the log says of it. */
  readonly log?: Readonly<Record<string, unknown>>
}
