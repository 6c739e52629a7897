/** A parsed rule, as plain data that can be sent to a worker. */
export type Rule =
  | { readonly op: 'and' | 'or'; readonly left: Rule; readonly right: Rule }
  | { readonly op: 'not'; readonly rule: Rule }
  | MatcherCall

export interface MatcherCall {
  readonly op: 'match'
  /** The matcher's canonical name, such as `PathPrefix`. */
  readonly name: string
  readonly args: readonly string[]
}
