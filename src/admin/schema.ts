/** JSON Schema of what a page answers, as the OpenAPI document shows it and the tests check it. */
export interface Schema {
  readonly [keyword: string]: unknown
}

export const text = (description: string): Schema => ({ type: 'string', description })
export const flag = (description: string): Schema => ({ type: 'boolean', description })
export const number = (description: string): Schema => ({ type: 'number', description })
export const integer = (description: string): Schema => ({ type: 'integer', description })
export const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description })
export const choice = (description: string, ...values: readonly string[]): Schema => ({
  type: 'string',
  enum: values,
  description,
})
export const listOf = (items: Schema, description?: string): Schema => ({
  type: 'array',
  items,
  ...(description === undefined ? {} : { description }),
})
export const mapOf = (additionalProperties: Schema, description?: string): Schema => ({
  type: 'object',
  additionalProperties,
  ...(description === undefined ? {} : { description }),
})
/** Options of a definition, which the reference lists. */
export const options = (description: string): Schema => ({ type: 'object', description })

/** An object of these members; those whose names end in `?` may be missing. */
export function object(members: Readonly<Record<string, Schema>>, more: Schema = {}): Schema {
  const names = Object.keys(members)
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(members).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
    ),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
    ...more,
  }
}
