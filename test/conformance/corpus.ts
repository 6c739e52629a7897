import type { Case } from './case.ts'
import { CHUNKS } from './cases/chunks.ts'
import { EXCHANGES } from './cases/exchanges.ts'
import { FIELDS } from './cases/fields.ts'
import { FRAMING } from './cases/framing.ts'
import { HOP_BY_HOP } from './cases/hop-by-hop.ts'
import { REQUEST_LINE } from './cases/request-line.ts'
import { RESPONSES } from './cases/responses.ts'
import { TARGET } from './cases/target.ts'

/** All cases, by what they are about. */
export const CORPUS: Readonly<Record<string, readonly Case[]>> = {
  framing: FRAMING,
  chunks: CHUNKS,
  fields: FIELDS,
  'request line': REQUEST_LINE,
  target: TARGET,
  'hop by hop': HOP_BY_HOP,
  answers: RESPONSES,
  exchanges: EXCHANGES,
}
