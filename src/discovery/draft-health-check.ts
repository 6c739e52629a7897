import type { HealthCheckConfig } from '../config/health.ts'
import type { LoadBalancerConfig } from '../config/routing.ts'
import { child } from '../config/source-tree.ts'
import { complain } from './complaint.ts'
import type { DraftScope } from './draft.ts'

/**
 * The service with its health check, or without one that cannot be carried out as written: asking something else could
 * find every endpoint down.
 */
export function withSoundHealthCheck(config: LoadBalancerConfig, scope: DraftScope): LoadBalancerConfig {
  const { healthCheck } = config
  const wrong = healthCheck && complaintOf(healthCheck)
  if (!wrong) return config
  const { definition, problems, resource } = scope
  const section = child(child(definition.node, 'loadBalancer'), 'healthCheck')
  const origin = child(section, wrong.option)?.origin ?? section?.origin ?? definition.origin
  const message = `\`loadBalancer.healthCheck.${wrong.option}\` ${wrong.message}, so endpoints are not probed`
  problems.push(
    wrong.pending
      ? complain({ code: 'E105', severity: 'warning', origin, resource, message, remedy: wrong.remedy })
      : complain({ code: 'E102', origin, resource, message, remedy: wrong.remedy }),
  )
  const { healthCheck: _, ...without } = config
  return without
}

interface Wrong {
  readonly option: keyof HealthCheckConfig
  readonly message: string
  readonly remedy: string
  readonly pending?: boolean
}

/** RFC 9110 §5.6.2 */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VISIBLE = /^[\x21-\x7e]+$/
/** Of a field value: no control characters, which could begin a field or a request of their own (RFC 9110 §5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const HOST = /^[A-Za-z0-9.\-_]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/
/** Fields that frame the request, or that another option is for. */
const OWN_FIELDS = new Set(['connection', 'content-length', 'host', 'transfer-encoding', 'upgrade'])

function complaintOf({
  mode,
  scheme,
  path,
  method,
  hostname,
  headers,
}: HealthCheckConfig): Wrong | undefined {
  if (mode === 'grpc') return pending('mode', '`grpc` is understood but not built yet', 'use `http` or `tcp`')
  if (scheme === 'h2c')
    return pending('scheme', '`h2c` is understood but not built yet', 'use `http` or `https`')
  if (!path.startsWith('/') || path.startsWith('//') || !VISIBLE.test(path))
    return {
      option: 'path',
      message: 'is no path',
      remedy: 'write it as `/health`, without spaces; the host is that of the endpoint',
    }
  if (!TOKEN.test(method) || method === 'CONNECT')
    return { option: 'method', message: 'is no method to ask with', remedy: 'use `GET` or `HEAD`' }
  if (hostname !== undefined && !HOST.test(hostname))
    return { option: 'hostname', message: 'is no host name', remedy: 'write it as `example.com`' }
  return headersComplaint(headers)
}

function headersComplaint(headers: HealthCheckConfig['headers']): Wrong | undefined {
  for (const [name, value] of Object.entries(headers)) {
    const shown = JSON.stringify(name)
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value))
      return {
        option: 'headers',
        message: `holds ${shown}, which is no valid header field`,
        remedy: 'use letters, digits and `-` for names, and no line breaks',
      }
    if (OWN_FIELDS.has(name.toLowerCase()))
      return {
        option: 'headers',
        message: `sets ${shown}, which the probe sets itself`,
        remedy: name.toLowerCase() === 'host' ? 'use `hostname`' : 'remove it',
      }
  }
  return undefined
}

function pending(option: keyof HealthCheckConfig, message: string, remedy: string): Wrong {
  return { option, message, remedy, pending: true }
}
