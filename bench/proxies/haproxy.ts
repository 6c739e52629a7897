import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programPath } from '../programs.ts'
import type { Contestant, Setting } from './contestant.ts'
import { hostNames } from './contestant.ts'

/** HAProxy with one thread; hosts by a map, connections to the origin shared by all clients. */
export const haproxy: Contestant = {
  name: 'haproxy',
  needs: 'haproxy',
  routers: 10,
  async configure(setting) {
    const map = join(setting.folder, 'hosts.map')
    const file = join(setting.folder, 'haproxy.cfg')
    const hosts = hostNames(this.routers)
    await writeFile(map, hosts.map((host, router) => `${host} service${router}\n`).join(''))
    await writeFile(file, configuration(setting, map, hosts.length))
    return [programPath(setting.programs, 'haproxy'), '-db', '-f', file]
  },
}

function configuration({ ports, certificate, origin }: Setting, map: string, services: number): string {
  return `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
  option forwardfor
frontend web
  bind 127.0.0.1:${ports.http}
  bind 127.0.0.1:${ports.https} ssl crt ${certificate.both} alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  use_backend %[req.hdr(host),field(1,:),lower,map(${map})]
${Array.from({ length: services }, (_, service) => `backend service${service}\n  server origin 127.0.0.1:${origin}\n`).join('')}`
}
