import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programPath } from '../programs.ts'
import type { Contestant, Setting } from './contestant.ts'
import { hostNames } from './contestant.ts'

/** nginx with one process; connections to the origin are kept. */
export const nginx: Contestant = {
  name: 'nginx',
  needs: 'nginx',
  routers: 10,
  async configure(setting) {
    const file = join(setting.folder, 'nginx.conf')
    await writeFile(file, configuration(setting, hostNames(this.routers)))
    return nginxCommand(programPath(setting.programs, 'nginx'), file, setting.folder)
  },
}

/** In the foreground, writing nowhere but into `folder`. */
export function nginxCommand(program: string, file: string, folder: string): string[] {
  return [program, '-p', folder, '-c', file, '-e', 'stderr']
}

/** What every nginx of the bench begins with. */
export function nginxStart(folder: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
master_process off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 0;
${kinds.map((kind) => `  ${kind}_temp_path ${join(folder, kind)};\n`).join('')}`
}

function configuration({ folder, ports, certificate, origin }: Setting, hosts: readonly string[]): string {
  return `${nginxStart(folder)}
  server_names_hash_max_size 4096;
  upstream origin {
    server 127.0.0.1:${origin};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  proxy_http_version 1.1;
  proxy_max_temp_file_size 0;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $host;
  ssl_certificate ${certificate.certificate};
  ssl_certificate_key ${certificate.key};
${hosts.map((host) => server(host, ports)).join('')}}
`
}

function server(host: string, { http, https }: Setting['ports']): string {
  return `  server {
    server_name ${host};
    listen 127.0.0.1:${http};
    listen 127.0.0.1:${https} ssl http2;
    location / { proxy_pass http://origin; }
  }
`
}
