import { cipherOf } from '../config/cipher-suites.ts'
import { decodeSchema } from '../config/decode.ts'
import { fields } from '../config/fields.ts'
import { serversTransportOptions } from '../config/servers-transport.ts'
import type { ServersTransportConfig } from '../config/servers-transport.ts'
import { child } from '../config/source-tree.ts'
import { complain } from './complaint.ts'
import { drafting } from './draft.ts'
import type { ResolvedTransport } from './routing-config.ts'
import { printable } from '../config/printable.ts'

const TRANSPORT = fields.section('', serversTransportOptions(fields))

/** Validates a servers transport by itself; its files are read later. */
export const draftTransport = drafting<ResolvedTransport>(function readTransport({
  definition: { node, origin },
  problems,
  resource,
}) {
  const { value: config, problems: found } = decodeSchema(TRANSPORT, node, { resource })
  problems.push(...found)
  const complaint = config && transportComplaint(config)
  if (complaint !== undefined)
    problems.push(
      complain({
        code: 'E102',
        origin: child(node, complaint.key)?.origin ?? origin,
        resource,
        message: `\`${complaint.key}\`: ${complaint.message}`,
      }),
    )
  return config && complaint === undefined ? { config, origin } : undefined
})

/** What the schema cannot say. */
export function transportComplaint({
  cipherSuites,
  minVersion,
  maxVersion,
}: ServersTransportConfig): { readonly key: string; readonly message: string } | undefined {
  const unknown = cipherSuites.find((suite) => cipherOf(suite) === undefined)
  if (unknown !== undefined)
    return { key: 'cipherSuites', message: `there is no cipher suite \`${printable(unknown)}\`` }
  if (minVersion !== undefined && maxVersion !== undefined && minVersion > maxVersion)
    return { key: 'maxVersion', message: `it is lower than \`minVersion\`` }
  return undefined
}
