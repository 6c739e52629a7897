import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from '../config/load-given.ts'
import { freePorts } from '../peers/free-ports.ts'
import { FileApp, routesTo } from '../support/file-app.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { getFrom } from './asking.ts'

/** A process with `api.insecure`, its entry point and its own listener on free ports. */
async function start(...flags: readonly string[]): Promise<{ it: FileApp; port: number }> {
  const [port = 0, own = 0] = await freePorts(2)
  const it = await FileApp.start({
    routes: routesTo([1]),
    flags: [`--entryPoints.traefik.address=127.0.0.1:${port}`, `--api.address=127.0.0.1:${own}`, ...flags],
  })
  return { it, port }
}

const INSECURE = ['--api.insecure', '--api.token=a-token']

test('`api.insecure`: the entry point `traefik` leads to the API, with ping beside it', async () => {
  const { it, port } = await start(...INSECURE, '--ping')
  await using _ = it
  assert.equal((await getFrom(port, '/api/version')).status, 200)
  assert.equal((await getFrom(port, '/api/http/routers/all@file')).status, 200)
  assert.deepEqual((await getFrom(port, '/ping')).text, 'OK')
  assert.equal((await getFrom(port, '/')).status, 404, 'nothing else is there')
  assert.equal((await getFrom(it.port, '/api/version')).status, 502, 'and no other entry point leads there')
})

test('by the entry point, too, strange host names are refused and changes want the token', async () => {
  const { it, port } = await start(...INSECURE)
  await using _ = it
  assert.equal((await getFrom(port, '/api/version', { host: 'evil.test' })).status, 421)
  await using client = await RawPeer.open(port)
  client.write(
    'POST /api/log-level HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n{"level":"debug"}',
  )
  assert.match((await client.readMessage()).head, /^HTTP\/1\.1 401 /)
})

test('by the entry point, events come as they happen', async () => {
  const { it, port } = await start(...INSECURE)
  await using _ = it
  await using client = await RawPeer.open(port)
  client.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await client.readUntil('router all@file was added')
  await it.write(routesTo([2]))
  await client.readUntil('http://127.0.0.1:2 of all@file is ready')
})

const ADDRESSES: readonly (readonly [
  flags: readonly string[],
  entryPoint: string | undefined,
  api: string,
])[] = [
  [['--api'], undefined, '127.0.0.1:8081'],
  [['--api.insecure'], ':8080', '127.0.0.1:8081'],
  [['--api.insecure', '--ping'], ':8080', '127.0.0.1:8081'],
  [['--api.insecure', '--entryPoints.traefik.address=:9000'], ':9000', '127.0.0.1:8081'],
  [['--api.insecure', '--api.address=:8082'], undefined, ':8082'],
]
for (const [flags, entryPoint, api] of ADDRESSES) {
  test(`${flags.join(' ')}: entry point ${entryPoint ?? 'none'}, API on ${api}`, async () => {
    const { config } = await load({ flags: ['--entryPoints.web.address=:80', ...flags] })
    assert.equal(config?.entryPoints.get('traefik')?.address, entryPoint)
    const { host, port } = config!.api!.listen
    assert.equal(`${host}:${port}`, api)
  })
}
