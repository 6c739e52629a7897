import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programPath } from '../programs.ts'
import type { Contestant, Setting } from './contestant.ts'
import { hostName, hostNames } from './contestant.ts'

/** Caddy, whose Go code may run on one thread at a time. */
export const caddy: Contestant = {
  name: 'caddy',
  needs: 'caddy',
  routers: 10,
  async configure(setting) {
    const file = join(setting.folder, 'Caddyfile')
    await writeFile(file, configuration(setting, hostNames(this.routers)))
    const surroundings = ['env', 'GOMAXPROCS=1', `HOME=${setting.folder}`, `XDG_DATA_HOME=${setting.folder}`]
    return [
      ...surroundings,
      programPath(setting.programs, 'caddy'),
      'run',
      '--config',
      file,
      '--adapter',
      'caddyfile',
    ]
  },
}

function configuration(setting: Setting, hosts: readonly string[]): string {
  return `{
  admin off
  auto_https off
  default_bind 127.0.0.1
  default_sni ${hostName(0)}
  log {
    level ERROR
  }
}
${hosts.map((host) => site(host, setting)).join('')}`
}

function site(host: string, { ports, certificate, origin }: Setting): string {
  const forward = `reverse_proxy 127.0.0.1:${origin} {
    transport http {
      keepalive_idle_conns_per_host 512
    }
  }`
  return `http://${host}:${ports.http} {
  ${forward}
}
https://${host}:${ports.https} {
  tls ${certificate.certificate} ${certificate.key}
  ${forward}
}
`
}
