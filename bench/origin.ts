import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../test/peers/free-ports.ts'
import { PeerProcess } from '../test/peers/peer-process.ts'
import { until } from '../test/support/until.ts'
import { ask } from './ask.ts'
import { pinned } from './machine/pinning.ts'
import type { Programs } from './programs.ts'
import { programPath } from './programs.ts'
import { nginxCommand, nginxStart } from './proxies/nginx.ts'

/** Paths of the origin and the bytes of their bodies. */
export const PATHS = {
  '100b': { path: '/100b', bytes: 100 },
  '10k': { path: '/10k', bytes: 10_240 },
  '1m': { path: '/1m', bytes: 1_048_576 },
  '1g': { path: '/1g', bytes: 1_073_741_824 },
} as const

/**
 * What all proxies stand in front of: nginx, since nothing else at hand takes less of the core that it shares with
 * the load. It also listens on further loopback addresses, for services of several endpoints, and on a second port
 * under another name, for changes from one to the other.
 */
export class Origin implements AsyncDisposable {
  readonly port: number
  readonly otherPort: number
  readonly #process: PeerProcess

  constructor(port: number, otherPort: number, process: PeerProcess) {
    this.port = port
    this.otherPort = otherPort
    this.#process = process
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end('SIGKILL')
  }
}

export async function startOrigin(programs: Programs, parent: string): Promise<Origin> {
  const folder = join(parent, 'origin')
  const [port = 0, otherPort = 0] = await freePorts(2)
  await writeFiles(folder, port, otherPort)
  const command = nginxCommand(programPath(programs, 'nginx'), join(folder, 'nginx.conf'), folder)
  const [first, ...rest] = pinned('load', command)
  const process = new PeerProcess(first, rest)
  const question = { port, protocol: 'plain', host: 'origin', path: PATHS['100b'].path } as const
  await until(
    'the origin to answer',
    async () => (await ask(question).catch(() => undefined))?.status === 200,
  )
  return new Origin(port, otherPort, process)
}

async function writeFiles(folder: string, port: number, otherPort: number): Promise<void> {
  const files = join(folder, 'files')
  await mkdir(files, { recursive: true })
  for (const name of ['10k', '1m'] as const)
    await writeFile(join(files, name), Buffer.alloc(PATHS[name].bytes, 'x'))
  await writeFile(join(files, '1g'), '')
  // A file of holes: a gibibyte to read, and none on disk.
  await truncate(join(files, '1g'), PATHS['1g'].bytes)
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, files, port, otherPort))
}

function configuration(folder: string, files: string, port: number, otherPort: number): string {
  return `${nginxStart(folder)}
  root ${files};
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  default_type text/plain;
  server {
${[1, 2, 3, 4, 5].map((host) => `    listen 127.0.0.${host}:${port} backlog=4096;\n`).join('')}
    add_header Origin-Name first;
    location = /100b { return 200 "${'x'.repeat(PATHS['100b'].bytes)}"; }
    location = /post { return 200 "${'x'.repeat(PATHS['100b'].bytes)}"; }
  }
  server {
    listen 127.0.0.1:${otherPort};
    add_header Origin-Name second;
    location / { return 200 "${'x'.repeat(PATHS['100b'].bytes)}"; }
  }
}
`
}
