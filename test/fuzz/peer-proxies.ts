import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { haproxyBinary, nginxBinary } from '../peers/binaries.ts'
import { freePorts } from '../peers/free-ports.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { until } from '../support/until.ts'

/** A real proxy between Tidegate and an origin: what it passes on is how it has read our bytes. */
export interface PeerProxy extends AsyncDisposable {
  readonly port: number
}

type Settings = (folder: string, port: number, origin: number) => string

const NGINX: Settings = (folder, port, origin) => `
  daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
  events { worker_connections 256; }
  http {
    access_log off; client_max_body_size 0; keepalive_requests 1000000; keepalive_timeout 300s;
    client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
    uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${origin}; } }
  }`

const HAPROXY: Settings = (_folder, port, origin) => `
defaults
  mode http
  timeout client 300s
  timeout server 10s
  timeout connect 5s
frontend all
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin}
`

export async function startNginx(origin: number): Promise<PeerProxy> {
  return await start(await nginxBinary(), ['-e', 'stderr', '-c'], NGINX, origin)
}

export async function startHaproxy(origin: number): Promise<PeerProxy> {
  return await start(await haproxyBinary(), ['-db', '-f'], HAPROXY, origin)
}

async function start(
  binary: string,
  args: readonly string[],
  settings: Settings,
  origin: number,
): Promise<PeerProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-peer-'))
  const [port = 0] = await freePorts(1)
  const file = join(folder, 'settings')
  await writeFile(file, settings(folder, port, origin))
  const peer = new PeerProcess(binary, [...args, file])
  await until('the peer to listen', async () => {
    if (!peer.running) throw new Error(`${binary} ended:\n${peer.output}`)
    return await listens(port)
  })
  return {
    port,
    async [Symbol.asyncDispose]() {
      await peer.end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
