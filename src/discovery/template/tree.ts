/** What templates compute with. Maps, never objects, so that no name reaches a prototype. */
export type Value = string | number | boolean | null | readonly Value[] | ReadonlyMap<string, Value>

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with'
      readonly pipeline: Pipeline
      readonly body: Body
      readonly otherwise: Body
    }
  | { readonly kind: 'range'; readonly pipeline: Pipeline; readonly body: Body; readonly otherwise: Body }
  | { readonly kind: 'break' | 'continue' }

export type Body = readonly TemplateNode[]

/** Commands, each of which gets the value of the one before as its last argument. */
export interface Pipeline {
  readonly offset: number
  /** Variables that get the value: `$x :=`, `$x =`, or `$index, $element :=` of a range. */
  readonly variables: readonly string[]
  /** False for `=`, which changes a variable that is there. */
  readonly declares: boolean
  readonly commands: readonly Expression[]
}

export type Expression = { readonly offset: number } & (
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'field'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
)

/** A template cannot be used as it was written; `offset` counts characters from its beginning. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly offset: number
  readonly suggestion: string | undefined

  constructor(offset: number, message: string, suggestion?: string) {
    super(message)
    this.offset = offset
    this.suggestion = suggestion
  }
}
