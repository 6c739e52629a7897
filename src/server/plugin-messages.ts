import { Body } from '../proxy/body.ts'
import type { HeaderList } from '../proxy/header-list.ts'
import type { Request } from '../proxy/request.ts'
import { Response } from '../proxy/response.ts'

/** What must not stand in a field: line breaks, other controls, and characters that would become such as one byte. */
const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const NO_NAME = /[^!#$%&'*+.^_`|~0-9A-Za-z-]/
const NO_TARGET = /[^\x21-\x7e]/

/**
 * The engine believes its own middlewares. A plug-in may pass on what a client has sent, so what it has made of a
 * request is looked at before it is written: nobody shall write lines of a head by way of a header.
 * @throws Error that says what is wrong
 */
export function checkRequest({ method, path, query, headers }: Request): void {
  if (method === '' || NO_NAME.test(method)) throw new Error('the method of the request is none')
  if ((!path.startsWith('/') && path !== '*') || NO_TARGET.test(path) || /[?#]/.test(path))
    throw new Error('the path of the request is none: percent-encode it')
  if (query !== '' && (!query.startsWith('?') || NO_TARGET.test(query) || query.includes('#')))
    throw new Error('the query of the request is none: it begins with `?` and is percent-encoded')
  checkFields(headers)
}

/** @throws Error that says what is wrong */
export function checkResponse(response: unknown): Response {
  if (!(response instanceof Response)) throw new Error('what it gives is no `Response`')
  const { status, headers, body } = response
  if (!Number.isInteger(status) || (status < 200 && status !== 101) || status > 599)
    throw new Error(`${String(status)} is no status of an answer`)
  if (body !== null && typeof body !== 'string' && !(body instanceof Body))
    throw new Error('the body of its answer is neither text nor a `Body`')
  checkFields(headers)
  return response
}

function checkFields({ fields }: HeaderList): void {
  if (fields.length % 2 !== 0) throw new Error('a header field has no value')
  for (let i = 0; i < fields.length; i += 2) {
    const name: unknown = fields[i]
    const value: unknown = fields[i + 1]
    if (typeof name !== 'string' || name === '' || NO_NAME.test(name))
      throw new Error(`${JSON.stringify(name)} is no name of a header field`)
    if (typeof value !== 'string' || NO_VALUE.test(value))
      throw new Error(`the value of the header field ${name} holds something else than visible bytes`)
  }
}
