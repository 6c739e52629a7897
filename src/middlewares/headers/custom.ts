import type { Fields, OptionsOf } from '../../config/fields.ts'
import type { HeaderList, Request } from '../../middleware.ts'
import { fieldNameComplaint, fieldValueComplaint, wireText } from '../fields/field-text.ts'

export const customOptions = (field: Fields) => ({
  customRequestHeaders: field
    .record(
      'Fields set on the request; an empty value deletes the field; `Host` changes what the service is asked for.',
      field.string('Value, or nothing to delete the field.'),
    )
    .default({}),
  customResponseHeaders: field
    .record(
      'Fields set on the response; an empty value deletes the field.',
      field.string('Value, or nothing to delete the field.'),
    )
    .default({}),
})
export type CustomOptions = OptionsOf<ReturnType<typeof customOptions>>

export interface Custom {
  readonly changeRequest?: (request: Request) => void
  readonly changeResponse?: (headers: HeaderList) => void
}

export function customComplaint({
  customRequestHeaders,
  customResponseHeaders,
}: CustomOptions): string | undefined {
  for (const [name, value] of [
    ...Object.entries(customRequestHeaders),
    ...Object.entries(customResponseHeaders),
  ]) {
    const complaint = fieldNameComplaint(name) ?? fieldValueComplaint(name, value)
    if (complaint) return complaint
  }
  for (const [name, value] of Object.entries(customRequestHeaders)) {
    if (name.toLowerCase() !== 'host') continue
    if (value.trim() === '') return '`Host` cannot be deleted: HTTP/1.1 requires it'
    if (!/^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::\d{1,5})?$/.test(value.trim()))
      return '`Host` must be a host name or address, and a port at most'
  }
  return undefined
}

export function createCustom({ customRequestHeaders, customResponseHeaders }: CustomOptions): Custom {
  const forRequest = changesOf(customRequestHeaders)
  const forResponse = changesOf(customResponseHeaders)
  const host = forRequest.findLast(([name]) => name.toLowerCase() === 'host')?.[1]
  return {
    ...(forRequest.length === 0
      ? {}
      : {
          changeRequest(request: Request): void {
            apply(forRequest, request.headers)
            if (host !== undefined) request.authority = host
          },
        }),
    ...(forResponse.length === 0
      ? {}
      : { changeResponse: (headers: HeaderList) => apply(forResponse, headers) }),
  }
}

/** Name and value; an empty value deletes. */
type Change = readonly [name: string, value: string]

function changesOf(fields: Readonly<Record<string, string>>): Change[] {
  return Object.entries(fields).map(([name, value]) => [name, wireText(value)])
}

function apply(changes: readonly Change[], headers: HeaderList): void {
  for (const [name, value] of changes) {
    if (value === '') headers.delete(name)
    else headers.set(name, value)
  }
}
