import { HeaderList } from '../../middleware.ts'
import type { Request } from '../../middleware.ts'

/** Fields of one hop, of the body, or of the server that is asked: they are not passed on. */
const NOT_PASSED = [
  'Connection',
  'Content-Length',
  'Expect',
  'Host',
  'Keep-Alive',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
]

export interface QuestionTerms {
  /** Names in lower case; undefined: all. */
  readonly passed: ReadonlySet<string> | undefined
  readonly trustForwardHeader: boolean
  /** What describes the body is passed on with it. */
  readonly withBody: boolean
}

/** What the authentication server is told of a request: its fields, and where it wants to go. */
export function questionFields(request: Request, terms: QuestionTerms): HeaderList {
  const { headers, method, path, query, authority, scheme, clientAddress } = request
  const { passed, trustForwardHeader, withBody } = terms
  const kept = passed
    ? [...headers].filter(([name]) => passed.has(name.toLowerCase())).flat()
    : headers.fields
  const fields = new HeaderList([...kept])
  for (const name of NOT_PASSED) fields.delete(name)
  if (!withBody) for (const name of ['Content-Type', 'Content-Encoding']) fields.delete(name)
  const facts: Readonly<Record<string, string>> = {
    'X-Forwarded-Method': method,
    'X-Forwarded-Proto': scheme,
    'X-Forwarded-Host': authority,
    'X-Forwarded-Uri': path + query,
    'X-Forwarded-For': clientAddress,
  }
  // Those that stand in the request by now are from a proxy that the entry point trusts, or true.
  for (const [name, fact] of Object.entries(facts)) {
    const told = trustForwardHeader ? headers.get(name) : undefined
    fields.set(name, told ?? fact)
  }
  return fields
}
