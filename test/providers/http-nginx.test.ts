import assert from 'node:assert/strict'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import provider from '../../providers/http.ts'
import { nginxBinary } from '../peers/binaries.ts'
import { freePorts } from '../peers/free-ports.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { until } from '../support/until.ts'
import { WatchedProvider } from './watched-provider.ts'

function settings(folder: string, port: number): string {
  return `
    daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
    events { worker_connections 64; }
    http {
      log_format status "$status"; access_log ${folder}/statuses status;
      client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
      server { listen 127.0.0.1:${port}; root ${folder}; }
    }`
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => resolve(true))
  socket.on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

function instanceAt(port: number): string {
  return JSON.stringify({ instances: [{ name: 'web', address: '127.0.0.1', port }] })
}

test('a file that nginx serves: unchanged it is not sent again, exchanged it is seen, nginx may come and go', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-'))
  const [port = 0] = await freePorts(1)
  const binary = await nginxBinary()
  const file = join(folder, 'config.json')
  await writeFile(join(folder, 'settings'), settings(folder, port))
  await writeFile(file, instanceAt(80))
  const start = async (): Promise<PeerProcess> => {
    const nginx = new PeerProcess(binary, ['-e', 'stderr', '-c', join(folder, 'settings')])
    await until('nginx to listen', () => listens(port))
    return nginx
  }
  let nginx = await start()
  try {
    const endpoint = `http://127.0.0.1:${port}/config.json`
    await using watched = new WatchedProvider(provider, { endpoint, pollInterval: '0.1s' })
    const served = (): number | undefined => watched.instances('web')[0]?.ports[0]?.port
    await watched.until('the instance', () => served() === 80)
    const statuses = async (): Promise<string[]> =>
      (await readFile(join(folder, 'statuses'), 'utf8')).trim().split('\n')
    await until('three questions', async () => (await statuses()).length >= 4)
    assert.deepEqual((await statuses()).slice(0, 4), ['200', '304', '304', '304'])
    assert.equal(watched.updates.length, 1)
    await writeFile(`${file}.new`, instanceAt(8081))
    await rename(`${file}.new`, file)
    await watched.until('the other instance', () => served() === 8081)
    await nginx.end('SIGTERM')
    await watched.until('the failure', ({ failure }) => failure?.code === 'E401')
    assert.equal(served(), 8081)
    nginx = await start()
    await watched.until('healed', ({ failure }) => failure === undefined)
    await rm(file)
    await watched.until('404', ({ failure }) => /status 404/.test(failure?.message ?? ''))
    assert.equal(served(), 8081)
  } finally {
    await nginx.end('SIGTERM')
    await rm(folder, { recursive: true })
  }
})
