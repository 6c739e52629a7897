import type { OldSection } from './old-section.ts'
import type { Drafts } from './v1.ts'

/** What Traefik 1 decides at start besides entry points and providers: logs, pages about itself, time-outs. */
export function rest(root: OldSection, drafts: Drafts): void {
  logs(root, drafts)
  pages(root, drafts)
  timeouts(root, drafts)
  acme(root, drafts)
  // Nothing is ever sent anywhere, and so there is nothing to switch off.
  root.take('checkNewVersion')
  root.take('sendAnonymousUsage')
}

function logs(root: OldSection, { file }: Drafts): void {
  const level = root.text('logLevel')?.toLowerCase()
  if (root.isTrue('debug')) file.say(['log', 'level'], 'debug', root.origin)
  else if (level !== undefined) file.say(['log', 'level'], level, root.origin)
  root.carry(file, ['log'], [['traefikLogsFile', 'filePath']])
  root.section('traefikLog')?.carry(file, ['log'], ['filePath', 'format'])
  root.carry(file, ['accessLog'], [['accessLogsFile', 'filePath']])
  const access = root.section('accessLog')
  if (!access) return
  file.say(['accessLog'], {}, access.origin)
  access.carry(file, ['accessLog'], ['filePath', 'format', 'bufferingSize', 'filters', 'fields'])
}

function pages(root: OldSection, drafts: Drafts): void {
  const { file } = drafts
  const api = root.section('api') ?? root.section('web')
  if (api) {
    api.take('dashboard')
    api.take('entryPoint')
    api.take('address')
    api.take('readOnly')
    file.say(['api'], {}, api.origin)
    drafts.say(
      api.origin,
      'the admin API listens on 127.0.0.1:8081 now, for this machine alone',
      'set `api.address`, and `api.insecure` where everybody may read it',
    )
  }
  const ping = root.section('ping')
  if (ping) {
    file.say(['ping'], {}, ping.origin)
    ping.carry(file, ['ping'], ['entryPoint'])
  } else if (root.section('web')) file.say(['ping'], {}, root.origin)
  const metrics = root.section('metrics') ?? root.section('web')?.section('metrics')
  const prometheus = metrics?.section('prometheus')
  if (prometheus) file.say(['metrics', 'prometheus'], {}, prometheus.origin)
  prometheus?.carry(file, ['metrics', 'prometheus'], ['buckets', 'entryPoint'])
  const statsd = metrics?.section('statsd')
  if (statsd) file.say(['metrics', 'statsD'], {}, statsd.origin)
  statsd?.carry(file, ['metrics', 'statsD'], ['address', 'pushInterval'])
  metrics?.section('datadog')?.carry(file, ['metrics', 'datadog'], ['address', 'pushInterval'])
}

/** Version 1 has them once; today each entry point has its own. */
function timeouts(root: OldSection, { file }: Drafts): void {
  const names = root.section('entryPoints')?.sections.map(([name]) => name) ?? []
  const life = root.section('lifeCycle')
  const responding = root.section('respondingTimeouts')
  const grace = root.take('graceTimeOut')
  const idle = root.take('idleTimeout')
  for (const name of names) {
    const path = ['entryPoints', name, 'transport']
    if (grace) file.put([...path, 'lifeCycle', 'graceTimeOut'], grace)
    if (idle) file.put([...path, 'respondingTimeouts', 'idleTimeout'], idle)
    life?.carry(file, [...path, 'lifeCycle'], ['requestAcceptGraceTimeout', 'graceTimeOut'])
    responding?.carry(file, [...path, 'respondingTimeouts'], ['readTimeout', 'writeTimeout', 'idleTimeout'])
  }
  root.carry(file, ['serversTransport'], ['insecureSkipVerify', 'rootCAs', 'maxIdleConnsPerHost'])
  root
    .section('forwardingTimeouts')
    ?.carry(file, ['serversTransport', 'forwardingTimeouts'], ['dialTimeout', 'responseHeaderTimeout'])
}

function acme(root: OldSection, { file }: Drafts): void {
  const old = root.section('acme')
  if (!old) return
  const path = ['certificatesResolvers', 'acme', 'acme']
  old.carry(file, path, ['email', 'storage', 'caServer', 'keyType'])
  for (const kind of ['httpChallenge', 'tlsChallenge', 'dnsChallenge']) {
    const challenge = old.section(kind)
    if (!challenge) continue
    file.say([...path, kind], {}, challenge.origin)
    challenge.carry(file, [...path, kind], ['entryPoint', 'provider', 'resolvers'])
  }
  const entryPoint = old.text('entryPoint')
  if (entryPoint !== undefined)
    file.say(['entryPoints', entryPoint, 'http', 'tls', 'certResolver'], 'acme', old.origin)
  old.take('onHostRule')
}
